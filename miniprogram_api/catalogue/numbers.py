"""Which numbers can belong to which document. Pure, and never raises, whatever the text."""

import re
from datetime import date

from kit.codes import Holder, IdentityNumber, InvalidCode, read_credit_code, read_id_number

_IDENTITY_CARDS = frozenset({"01", "07"})
# Foreign permanent residents: the card of 2017 has three letters and twelve digits, the one of 2023
# has 18 digits like an identity card.
_PERMANENT_RESIDENT_2017 = re.compile(r"[A-Za-z]{3}[0-9]{12}")
_ANY_DOCUMENT = re.compile(r"[0-9A-Za-z()（）-]{5,32}")
_DOCUMENT_SHAPES = {
    "03": re.compile(r"[0-9A-Za-z]{5,17}"),
    "05": re.compile(r"[HMhm][0-9]{8}(?:[0-9]{2})?"),
    "06": re.compile(r"[0-9]{8}(?:[0-9A-Za-z]{2})?"),
}


def identity_of(number: str, today: date) -> IdentityNumber | None:
    """What an 18-character identity number says, if it is one; a lower-case x is accepted."""
    try:
        return read_id_number(number.upper(), today)
    except InvalidCode:
        return None


def is_id_number(number: str, today: date) -> bool:
    """GB 11643: of a resident's card or of a residence permit (81, 82, 83)."""
    identity = identity_of(number, today)
    return identity is not None and identity.holder is not Holder.FOREIGN_PERMANENT_RESIDENT


def is_credit_code(code: str) -> bool:
    """GB 32100."""
    try:
        read_credit_code(code)
    except InvalidCode:
        return False
    return True


def is_document_number(id_type: str, number: str, today: date) -> bool:
    """Whether the number can belong to a document of that kind, in the codes of the dictionary:
    of passports and travel permits only the shape is known."""
    if id_type in _IDENTITY_CARDS:
        return is_id_number(number, today)
    if id_type == "04":
        return _PERMANENT_RESIDENT_2017.fullmatch(number) is not None or _is_foreign(number, today)
    if id_type == "credit_code":
        return is_credit_code(number)
    return _DOCUMENT_SHAPES.get(id_type, _ANY_DOCUMENT).fullmatch(number) is not None


def _is_foreign(number: str, today: date) -> bool:
    identity = identity_of(number, today)
    return identity is not None and identity.holder is Holder.FOREIGN_PERMANENT_RESIDENT


def is_clearing_number(number: str) -> bool:
    """The 12 digits of a bank branch (联行号): ISO 7064 MOD 11,10 over the first eleven."""
    if len(number) != 12 or not (number.isascii() and number.isdigit()):
        return False
    product = 10
    for digit in number[:11]:
        product = 2 * ((int(digit) + product) % 10 or 10) % 11
    return (11 - product) % 10 == int(number[11])
