"""What must be known to ask the province's library of names for one application."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.jpaas import GatewaySettings

INTERFACES: Mapping[str, str] = {
    "check": "checkEnterpriseName",
    "reserve": "reserveEnterpriseName",
    "find": "findNameReservation",
    "release": "releaseEnterpriseName",
}
"""The ids under which the gateway offers the four services. LOW CONFIDENCE, names of ours: the real
ones are told when the application is admitted."""


@dataclass(frozen=True, slots=True)
class NameLibrarySettings:
    """``ValueError`` when something cannot be right."""

    gateway: GatewaySettings
    interfaces: Mapping[str, str] = field(default_factory=lambda: dict(INTERFACES))

    def __post_init__(self) -> None:
        if set(self.interfaces) != set(INTERFACES) or not all(self.interfaces.values()):
            raise ValueError(f"an interface id is needed for each of {', '.join(INTERFACES)}")
        if len(set(self.interfaces.values())) < len(INTERFACES):
            raise ValueError("two services cannot have one interface id")
