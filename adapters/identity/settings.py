"""What must be known to ask the province's registers for one application."""

from dataclasses import dataclass

from adapters.jpaas import GatewaySettings


@dataclass(frozen=True, slots=True)
class IdentityRegisterSettings:
    """``ValueError`` when something cannot be right."""

    gateway: GatewaySettings
    match_interface: str = "realNameMatch"
    """The ids under which the gateway offers the two services. LOW CONFIDENCE, names of ours: the
    real ones are told when the application is admitted."""
    companies_interface: str = "findCorporationsByPerson"

    def __post_init__(self) -> None:
        if not self.match_interface or not self.companies_interface:
            raise ValueError("the gateway knows each service by an interface id")
        if self.match_interface == self.companies_interface:
            raise ValueError("two services cannot have one interface id")
