"""Synthetic certificates of the simulated departments: valid check digits, invented numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class CertificateKind:
    name: str
    issued_by: str
    number_prefix: str = ""


CERTIFICATES: Mapping[str, CertificateKind] = {
    "business_licence": CertificateKind("营业执照", "市场监督管理局"),
    "food_operation": CertificateKind("食品经营许可证", "行政审批服务局", "JY2"),
    "public_place_hygiene": CertificateKind("公共场所卫生许可证", "行政审批服务局", "鲁卫公证字"),
    "fire_safety_check": CertificateKind(
        "公众聚集场所投入使用、营业前消防安全检查合格证", "消防救援大队", "鲁消安检字"
    ),
    "drainage_permit": CertificateKind("城镇污水排入排水管网许可证", "行政审批服务局", "鲁排水字"),
    "outdoor_advertising": CertificateKind(
        "户外广告设施设置许可证", "行政审批服务局", "鲁户外广告字"
    ),
    "publication_retail": CertificateKind("出版物经营许可证", "行政审批服务局", "新出发鲁零字"),
}
# Registrations that end without a paper of their own.
WITHOUT_CERTIFICATE = frozenset({"seal", "tax", "invoice", "social_insurance", "medical_insurance"})
WITHOUT_CERTIFICATE |= {"housing_fund", "employment", "bank", "name_declaration", "delivery"}


def credit_code(region: str, number: int, *, individual: bool = False) -> str:
    """A unified social credit code by GB 32100 whose organisation part follows GB 11714.

    ``number`` below 1 000 000 makes it unique; 91 stands for a company, 92 for an individual
    business.
    """
    organisation = f"MA{number % 1_000_000:06d}"
    body = f"{'92' if individual else '91'}{region}{organisation}{_check(organisation)}"
    return body + uscc.calc_check_digit(body)


def _check(organisation: str) -> str:
    values = (ORGANISATION_CHARACTERS.index(character) for character in organisation)
    rest = 11 - sum(w * v for w, v in zip(ORGANISATION_WEIGHTS, values, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def certificate_number(kind: CertificateKind, region: str, year: int, number: int) -> str:
    """Food licences have 14 digits with a check digit after their letters, others a plain form."""
    if kind.number_prefix.startswith("JY"):
        digits = f"{kind.number_prefix[2:]}{region}{number % 1_000_000:06d}"
        return f"JY{digits}{mod_11_10.calc_check_digit(digits)}"
    return f"{kind.number_prefix}〔{year}〕第{region}{number % 1_000_000:06d}号"
