"""What must be known to have things signed at the province's service for one application."""

from dataclasses import dataclass, field

from adapters.esign.certificates import Certificate, NoCertificate, read_certificate
from adapters.jpaas import GatewaySettings


@dataclass(frozen=True, slots=True)
class ESignatureSettings:
    """``ValueError`` when something cannot be right."""

    gateway: GatewaySettings
    authorities: str
    """The certificates of the authorities that may vouch for a signatory: DER in Base64, separated
    by commas. Public, and still without a default: whom to trust is the operator's to say."""
    begin_interface: str = "beginSignature"
    """The ids under which the gateway offers the two services. LOW CONFIDENCE, names of ours: the
    real ones are told when the application is admitted."""
    find_interface: str = "findSignature"
    trusted: tuple[Certificate, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.begin_interface or not self.find_interface:
            raise ValueError("the gateway knows each service by an interface id")
        if self.begin_interface == self.find_interface:
            raise ValueError("two services cannot have one interface id")
        try:
            trusted = tuple(
                read_certificate(one) for one in self.authorities.split(",") if one.strip()
            )
        except NoCertificate:
            raise ValueError(
                "an authority is an X.509 certificate with an SM2 key, DER in Base64"
            ) from None
        if not trusted:
            raise ValueError("at least one authority is needed")
        object.__setattr__(self, "trusted", trusted)
