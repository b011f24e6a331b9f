"""The far side of the wire: the province's library of names behind its gateway, as one application
meets it. What the gateway does is known, what the library answers is made up (see
:mod:`adapters.names.documents` and :mod:`adapters.names.simulator.comparing`)."""

import secrets
from datetime import datetime

from aiohttp import web

from adapters.far_side import FarSide
from adapters.gm import new_key_pair
from adapters.jpaas import GATEWAY_PATH
from adapters.names.simulator.collection import Library
from adapters.names.simulator.scenarios import SCENARIOS
from adapters.names.simulator.wire import Endpoint, NameLibrarySide

__all__ = ["SCENARIOS", "NameLibrarySide", "NameLibrarySimulator", "development_keys"]


class NameLibrarySimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log.
    """

    name = "name_library"

    def __init__(self, far_side: FarSide, side: NameLibrarySide) -> None:
        self._library = Library(far_side, side.calls_a_minute_max)
        self._endpoint = Endpoint(far_side, side, self._library)

    def application(self) -> web.Application:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._endpoint.handle(request)

        application = web.Application(client_max_size=1024 * 1024)
        application.router.add_post(GATEWAY_PATH, handle)
        return application

    # What the far side does by itself: nothing, it waits to be asked; what is kept runs out by the
    # clock when it is looked at.

    def next_due(self) -> datetime | None:
        return None

    async def run_due(self) -> int:
        return 0

    # What has been entered over there.

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
    app_private_key, _ = new_key_pair()
    platform_private_key, platform_public_key = new_key_pair()
    return {
        "NAME_LIBRARY_APP_ID": f"sd{secrets.token_hex(6)}",
        "NAME_LIBRARY_PRIVATE_KEY": app_private_key.reveal(),
        "NAME_LIBRARY_PLATFORM_PUBLIC_KEY": platform_public_key,
        "NAME_LIBRARY_PLATFORM_PRIVATE_KEY": platform_private_key.reveal(),
    }
