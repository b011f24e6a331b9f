"""National numbers that people type: the identity number and the credit code of an organisation.

Pure rules. A number is refused only for what the standards say, never because a list of regions is
too old: regions are abolished, the numbers issued there stay valid.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from kit.text import Text

_ID_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_EARLIEST_BIRTH = date(1900, 1, 1)

_PROVINCES = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71")
_RESIDENCE_PERMITS = frozenset({"81", "82", "83"})


class InvalidCode(ValueError):
    """``fault`` is a stable word, ``text`` says it to a person; neither holds the number."""

    def __init__(self, fault: str, text: Text) -> None:
        super().__init__(fault)
        self.fault = fault
        self.text = text


class Holder(StrEnum):
    """Whose document bears the number."""

    RESIDENT = "resident"
    """居民身份证."""
    HONG_KONG_MACAO_TAIWAN = "hong_kong_macao_taiwan"
    """港澳台居民居住证, which begins with 81, 82 or 83."""
    FOREIGN_PERMANENT_RESIDENT = "foreign_permanent_resident"
    """外国人永久居留身份证 of 2023, which begins with 9."""


@dataclass(frozen=True, slots=True, repr=False)
class IdentityNumber:
    """What an identity number says. Not shown by ``repr``: a birth date is personal data."""

    holder: Holder
    born: date
    is_male: bool

    def age_on(self, day: date) -> int:
        """Completed years (周岁)."""
        birthday_is_to_come = (day.month, day.day) < (self.born.month, self.born.day)
        return day.year - self.born.year - birthday_is_to_come


def read_id_number(number: str, today: date) -> IdentityNumber:
    """GB 11643-1999 (18 characters, upper case X). Raises InvalidCode with one of the faults
    ``format``, ``region``, ``birth_date``, ``check_digit``.

    Two things differ from python-stdnum's ``cn.ric``: birth dates after ``today`` are refused, and
    numbers of residence permits (81, 82, 83) and of foreign permanent residents (9) are accepted.
    The layout of the latter (9, place 2, nationality 3, birth date 8, sequence 3, check 1) is from
    memory; only its birth date and check digit are looked at.
    """
    if not _ID_NUMBER.fullmatch(number):
        raise InvalidCode(
            "format",
            Text(
                "证件号码应为18位数字（末位可为X）", "An ID number has 18 digits, the last may be X"
            ),
        )
    holder = _holder(number)
    born = _birth_date(number[6:14], today)
    if not mod_11_2.is_valid(number):
        raise InvalidCode(
            "check_digit",
            Text("证件号码有误，请核对", "The ID number has a typing error"),
        )
    return IdentityNumber(holder, born, is_male=int(number[16]) % 2 == 1)


def _holder(number: str) -> Holder:
    if _PROVINCES.match(number):
        return Holder.RESIDENT
    if number[:2] in _RESIDENCE_PERMITS:
        return Holder.HONG_KONG_MACAO_TAIWAN
    if number[0] == "9":
        return Holder.FOREIGN_PERMANENT_RESIDENT
    raise InvalidCode(
        "region", Text("证件号码前两位有误，请核对", "The ID number's first two digits are wrong")
    )


def _birth_date(digits: str, today: date) -> date:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        born = None
    if born is None or not _EARLIEST_BIRTH <= born <= today:
        raise InvalidCode(
            "birth_date",
            Text("证件号码中的出生日期有误，请核对", "The birth date in the ID number is wrong"),
        )
    return born


@dataclass(frozen=True, slots=True)
class CreditCode:
    """What a credit code says."""

    authority: str
    """1 organisations' establishment, 5 civil affairs, 9 market regulation, N agriculture ..."""
    kind: str
    """With ``authority`` 9: 1 enterprise, 2 individual business, 3 farmers' cooperative."""
    region: str
    has_valid_body: bool
    """Whether characters 9 to 17 pass GB 11714. Some real codes do not: a warning, no fault."""


def read_credit_code(code: str) -> CreditCode:
    """GB 32100-2015 (18 characters, upper case). Raises InvalidCode with the fault ``format`` or
    ``check_digit``. Unlike in python-stdnum the first two may be letters (N2 is in use)."""
    if not _CREDIT_CODE.fullmatch(code):
        raise InvalidCode(
            "format",
            Text(
                "统一社会信用代码应为18位数字或大写字母（不含I、O、S、V、Z）",
                "A credit code has 18 digits or capital letters (never I, O, S, V, Z)",
            ),
        )
    if uscc.calc_check_digit(code[:17]) != code[17]:
        raise InvalidCode(
            "check_digit",
            Text("统一社会信用代码有误，请核对", "The credit code has a typing error"),
        )
    return CreditCode(code[0], code[1], code[2:8], _has_valid_body(code[8:17]))


def _has_valid_body(body: str) -> bool:
    """GB 11714: letters count from A = 10 without gaps."""
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=False)
    )
    return body[8] == "0123456789X0"[11 - total % 11]
