"""What keeping a name takes and shows."""

from typing import Annotated

import msgspec

from kit.lines import END
from miniprogram_api.catalogue.service import Company, WantedName

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
CompanyType = Annotated[str, msgspec.Meta(max_length=64, pattern="^[a-z0-9_]+" + END)]
IndustryCode = Annotated[str, msgspec.Meta(max_length=4, pattern="^[0-9]{4}$")]


class KeepName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole name; where the company will be is the draft's region."""

    name: Name
    company_type: CompanyType | None = None
    industry_code: IndustryCode | None = None

    def wanted(self, region: str) -> WantedName:
        company = Company(region[:6], self.company_type or "", self.industry_code or "")
        return WantedName(self.name, company)


class KeptName(msgspec.Struct, frozen=True):
    """``number`` is the library's; ``until`` the last day on which the company can be registered
    under the name."""

    name: str
    number: str
    until: str
