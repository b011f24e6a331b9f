"""The far side of the wire: the province's library of names behind its gateway, as one application
meets it. What the gateway does is known, what the library answers is made up (see
:mod:`adapters.names.documents` and :mod:`adapters.names.simulator.comparing`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.far_service import (
    ServiceEndpoint,
    ServiceSide,
    ServiceSimulator,
    gateway_keys,
)
from adapters.far_side import FarSide
from adapters.names.settings import INTERFACES
from adapters.names.simulator.collection import Library
from adapters.names.simulator.scenarios import PREFIX, SCENARIOS

__all__ = ["SCENARIOS", "NameLibrarySide", "NameLibrarySimulator", "development_keys"]


@dataclass(frozen=True, slots=True)
class NameLibrarySide(ServiceSide):
    calls_a_minute_max: int = 1200
    interfaces: Mapping[str, str] = field(default_factory=lambda: dict(INTERFACES))


class NameLibrarySimulator(ServiceSimulator):
    name = "name_library"

    def __init__(self, far_side: FarSide, side: NameLibrarySide) -> None:
        self._library = Library(far_side)
        endpoint = ServiceEndpoint(far_side, side, side.interfaces, PREFIX, self._library.answer)
        super().__init__(endpoint)

    def register_name(
        self, region_code: str, parts: tuple[str, str, str, str], industry_code: str
    ) -> None:
        """A company there, by the parts of its name in their usual order: region, trade word,
        industry, form. A second time changes it."""
        region, trade, industry, form = parts
        self._library.register(
            {
                "entName": "".join(parts),
                "district": region_code,
                "nameDistrict": region,
                "nameTrade": trade,
                "nameInd": industry,
                "industryCo": industry_code,
                "nameForm": form,
            }
        )

    def give_up_name(self, full: str) -> None:
        """The company is cancelled, or has another name from today; LookupError when there is
        none."""
        self._library.give_up(full)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    return gateway_keys("NAME_LIBRARY")
