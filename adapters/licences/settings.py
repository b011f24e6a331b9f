"""What must be known to ask the business-licence data service."""

from dataclasses import dataclass

from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class LicenceSettings:
    """``ValueError`` when something cannot be right. The two paths are told at admission: those of
    the city whose traffic was read are not the province's."""

    base_url: str
    token_path: str
    query_path: str
    api_key: Secret
    """The header ``Apikey``."""
    client_id: str
    """With ``client_secret``: the header ``Authorization: Basic`` of the call for a token."""
    client_secret: Secret

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError("the service's address begins with http:// or https://")
        if not (self.token_path.startswith("/") and self.query_path.startswith("/")):
            raise ValueError("paths begin with /")
        if not (self.api_key and self.client_id and self.client_secret):
            raise ValueError("the service knows us by a key, an id and a secret")
        if ":" in self.client_id:
            raise ValueError("the id is without a colon: Basic ends it there")
        if not (self.api_key.reveal().isascii() and self.api_key.reveal().isprintable()):
            raise ValueError("the key is sent in a header: printable ASCII only")
