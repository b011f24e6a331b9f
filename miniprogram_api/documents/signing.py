"""Who signs a document, as the answers say it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from kit.codes import InvalidCode, read_id_number
from kit.secrets import IdNumber, PersonName, PhoneNumber
from miniprogram_api.catalogue.service import Party
from miniprogram_api.documents.wording import Answers

CREDIT_CODE = "credit_code"
"""Of ``id_type``: the number beside it is an organisation's."""
IDENTITY_CARD = "01"
"""The resident's identity card."""
SHAREHOLDER = "shareholders"
FULL_CAPACITY_YEARS = 18
"""民法典 第17条."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A person, or an organisation for which somebody signs who may act for it: exactly one of
    ``id_number`` and ``uscc``. ``roles`` are parties of the catalogue (``documents/parties.yaml``),
    each once, in the order in which the documents name them."""

    name: PersonName
    id_number: IdNumber | None
    uscc: str | None
    roles: tuple[str, ...]
    phone: PhoneNumber | None
    id_type: str | None = None
    """As the form asks it."""
    other_names: tuple[PersonName, ...] = ()
    """What else the answers call whoever has this number: nobody can sign such documents."""

    def can_sign_online(self, today: date) -> bool:
        """The identity checks and the province's e-signature know resident identity cards only
        (domain of both: our assumption, confidence medium). A shareholder may be a minor
        (工商企字〔2007〕131号), for whom the guardian acts, and whom identity checks refuse; in
        every other role only adults may be (公司法 第178条)."""
        if self.id_number is None:
            return True
        if self.id_type not in {None, IDENTITY_CARD}:
            return False
        return set(self.roles) != {SHAREHOLDER} or not _is_minor(self.id_number, today)

    @property
    def identity(self) -> str:
        """Who it is, whatever the role: a personal value, for comparing only."""
        return self.uscc or (self.id_number.reveal() if self.id_number else "")


def signers_of(role: str, party: Party, answers: Answers) -> Iterator[Signer]:
    """Nobody while the answers do not say who that is."""
    for row in _named(party, answers):
        number, kind = _text(row, party.id_number), _text(row, party.id_type)
        uscc = None
        if kind == CREDIT_CODE:
            uscc, number = number, ""
        elif not number:
            uscc = _text(answers, party.uscc)
        if not number and not uscc:
            continue
        phone = _text(row, party.phone)
        yield Signer(
            name=PersonName(_text(row, party.name)),
            id_number=IdNumber(number) if number else None,
            uscc=(uscc or "").strip().upper() or None,
            roles=(role,),
            phone=PhoneNumber(phone) if phone else None,
            id_type=kind or None,
        )


def merged(signers: Iterable[Signer]) -> tuple[Signer, ...]:
    """Whoever signs in several roles signs once; the first mention names him, any may tell his
    phone."""
    found: dict[str, Signer] = {}
    for signer in signers:
        known = found.get(signer.identity)
        found[signer.identity] = signer if known is None else _joined(known, signer)
    return tuple(found.values())


def _joined(one: Signer, other: Signer) -> Signer:
    names = dict.fromkeys((*one.other_names, other.name, *other.other_names))
    return Signer(
        name=one.name,
        id_number=one.id_number,
        uscc=one.uscc,
        roles=tuple(dict.fromkeys((*one.roles, *other.roles))),
        phone=one.phone or other.phone,
        id_type=one.id_type or other.id_type,
        other_names=tuple(name for name in names if name != one.name),
    )


def _named(party: Party, answers: Answers) -> Iterator[Answers]:
    """The row or rows in which the party's answers stand."""
    if party.rows is not None:
        rows = answers.get(party.rows)
        yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    elif party.person is not None:
        person = answers.get(party.person)
        if isinstance(person, dict):
            yield person
    else:
        yield answers


def _is_minor(number: IdNumber, today: date) -> bool:
    """No for what is no number at all, which is an error of the form."""
    try:
        return read_id_number(number.reveal(), today).age_on(today) < FULL_CAPACITY_YEARS
    except InvalidCode:
        return False


def _text(row: Mapping[str, object], code: str | None) -> str:
    value = row.get(code) if code is not None else None
    return value.strip() if isinstance(value, str) else ""
