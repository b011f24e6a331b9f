"""What the adapter must be told about its peer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.province.crypto import is_usable_key
from kit.secrets import Secret

# The province's spelling of a zone whose code in the statistics differs: 济宁高新区 is 370871 there
# and 370833 in what the known platform sends.
REGION_ALIASES: Mapping[str, str] = {"370871": "370833"}

# Names of certificates, as the peer writes them in ``item``, by the matter that ends with them.
# A certificate that is not listed and names no item of its own belongs to the whole application.
CERTIFICATE_ITEMS: Mapping[str, str] = {
    "营业执照": "business_licence",
    "食品经营许可证": "food_operation",
    "公共场所卫生许可证": "public_place_hygiene",
    "公众聚集场所投入使用、营业前消防安全检查合格证": "fire_safety_check",
    "城镇污水排入排水管网许可证": "drainage_permit",
    "出版物经营许可证": "publication_retail",
}


@dataclass(frozen=True, slots=True)
class ProvinceSettings:
    base_url: str
    app_key: Secret
    """Identifies us at the token endpoint and comes back in every push."""
    encrypt_key: Secret
    """Sixteen ASCII characters; opens the data of pushes."""
    callback_token: Secret
    """What the province puts into its pushes to prove itself."""
    document_token: Secret
    """What the province shows when it fetches a filed document from us."""
    token_path: str = "/rest/aep/token"  # noqa: S105 - an address
    """The address of the token endpoint is configuration at the known peer; this one is ours."""
    item_codes: Mapping[str, str] = field(default_factory=dict)
    """Our item code to the peer's (``itemCode``, ``zzlbitemcode``); the same code when absent."""
    region_aliases: Mapping[str, str] = field(default_factory=lambda: REGION_ALIASES)
    """Our six-digit region to the peer's."""
    certificate_items: Mapping[str, str] = field(default_factory=lambda: CERTIFICATE_ITEMS)
    """The peer's certificate name to our item code."""

    def __post_init__(self) -> None:
        if not is_usable_key(self.encrypt_key.reveal()):
            raise ValueError("the province's encrypt key has 16 ASCII characters")
        if len(set(self.item_codes.values())) != len(self.item_codes):
            raise ValueError("two items share one code of the province")

    def peer_item(self, item_code: str) -> str:
        return self.item_codes.get(item_code, item_code)

    def own_item(self, peer_item: str) -> str:
        by_peer = {peer: own for own, peer in self.item_codes.items()}
        return by_peer.get(peer_item, peer_item)

    def peer_region(self, region: str) -> str:
        """Twelve digits: ours, renamed where the peer writes it otherwise, filled up with zeros."""
        county, rest = region[:6], region[6:]
        return (self.region_aliases.get(county, county) + rest).ljust(12, "0")
