"""Who somebody says he is, before anybody checked it. Pure rules."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from auth.problems import DocumentNotSupported, MinorNotServed
from kit.clock import CHINA
from kit.codes import Holder, InvalidCode, read_id_number
from kit.problems import FieldError, InvalidRequest
from kit.secrets import IdNumber, PersonName
from kit.text import Text

FULL_CAPACITY_YEARS = 18
"""Civil Code (民法典) art. 17: an adult is 18 or older. Confidence high."""
SELF_SUPPORTING_YEARS = 16
"""Civil Code art. 18: whoever is 16 and lives mainly on income from own work counts as an adult.
Confidence high. That only a counter can judge this is our own rule, confidence medium."""

_OTHER_DOCUMENTS = re.compile(r"[A-Z]{1,3}[0-9]{6,12}[A-Z]?|[0-9]{8}|[0-9]{10}", re.ASCII)
"""Passports, the travel permits of Hong Kong, Macao (H and M with digits) and Taiwan (8 or 10
digits), the older card of foreign permanent residents (3 letters, 12 digits). The forms are from
memory, confidence medium; a number that is of none of them is answered as a mistyped one."""
_NAME_LENGTHS = range(2, 51)
_LETTERS = frozenset({"Lo", "Lu", "Ll", "Lm", "Co"})
"""``Co``, the private use area, is where some registers still keep rare characters."""
_SEPARATORS = frozenset("·•. ")


@dataclass(frozen=True, slots=True)
class ClaimedIdentity:
    name: PersonName
    id_number: IdNumber


def read_claim(name: str | None, id_number: str | None, now: datetime) -> ClaimedIdentity:
    """Raises InvalidRequest with every fault at once, DocumentNotSupported or MinorNotServed."""
    claim = ClaimedIdentity(PersonName((name or "").strip()), IdNumber(id_number or ""))
    today = now.astimezone(CHINA).date()
    if _OTHER_DOCUMENTS.fullmatch(claim.id_number.reveal()):
        raise DocumentNotSupported
    faults = [*_name_faults(claim.name)]
    try:
        number = read_id_number(claim.id_number.reveal(), today)
    except InvalidCode as invalid:
        faults.append(FieldError("/id_number", f"id_number_{invalid.fault}", invalid.text))
        raise InvalidRequest(errors=faults) from None
    if number.holder is not Holder.RESIDENT:
        raise DocumentNotSupported
    if faults:
        raise InvalidRequest(errors=faults)
    _refuse_minors(number.age_on(today))
    return claim


def _name_faults(name: PersonName) -> list[FieldError]:
    text = name.reveal()
    letters = all(unicodedata.category(c) in _LETTERS or c in _SEPARATORS for c in text)
    if len(text) in _NAME_LENGTHS and letters:
        return []
    message = Text("请填写证件上的姓名", "Give the name as it is on the document")
    return [FieldError("/name", "name_format", message)]


def _refuse_minors(age: int) -> None:
    if age >= FULL_CAPACITY_YEARS:
        return
    if age >= SELF_SUPPORTING_YEARS:
        raise MinorNotServed(
            Text(
                "已满16周岁且以自己的劳动收入为主要生活来源的，请携带身份证件和收入证明到政务服务大厅窗口办理",
                "From 16 on, if you live mainly on income from your own work, a service hall can"
                " help: bring your ID card and proof of that income",
            )
        )
    raise MinorNotServed(
        Text(
            "请由监护人陪同，携带双方身份证件到政务服务大厅窗口咨询",
            "Please go to a service hall with your guardian and the ID cards of both",
        )
    )
