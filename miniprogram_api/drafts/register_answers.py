"""What is registered about a company, as answers to the catalogue's questions. Pure.

The mapping is ours (confidence medium): the register's member names are those of the registration
forms whose questions the dictionary asks, its words for posts and kinds are matched to our options
by their labels. What does not match is left out for the person to fill in: nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from adapters.licences.port import Officer, RegisteredCompany, Shareholder
from kit.codes import InvalidCode, read_credit_code
from kit.secrets import IdNumber
from miniprogram_api.catalogue.service import Catalogue

Answers = dict[str, Any]

ANSWERED = frozenset(
    {
        "entity_name", "credit_code", "company_type", "industry_code", "business_scope",
        "registered_capital_wan", "business_term", "business_term_years", "employees_count",
        "domicile", "premises_address", "legal_representative_name",
        "legal_representative_id_type", "legal_representative_id_number",
        "legal_representative_post", "shareholders", "directors", "supervisors", "managers",
        "finance_officer", "liaison_officer",
    }
)  # fmt: skip
"""The questions whose answers a register may know."""

_IDENTITY_CARD = "01"
_CREDIT_CODE = "credit_code"
_CHINESE_YUAN = frozenset({"", "人民币", "人民币元"})

_DIRECTORS = ("董事",)
_SUPERVISORS = ("监事",)
_MANAGERS = ("经理",)
_POSTS: Sequence[tuple[str, str]] = (
    ("董事长", "chair"),
    ("执行董事", "executive_director"),
    ("执行公司事务的董事", "executive_director"),
    ("董事", "director"),
    ("总经理", "general_manager"),
    ("经理", "manager"),
)
"""The first that fits."""

_SCOPE_TAIL = re.compile(r"\((?:除)?依法须经[^()]*\)")
_SCOPE_HEADING = re.compile(r"(?:一般|许可)(?:经营)?项目[::]")
_SCOPE_ENDS = re.compile(r"[;。]")


def answers_of(company: RegisteredCompany, catalogue: Catalogue, *, with_numbers: bool) -> Answers:
    """By field code; only questions that the dictionary has. ``with_numbers``: whether the numbers
    of people's identity documents may be shown."""
    people = _People(catalogue, with_numbers=with_numbers)
    is_individual = company.kind == "individual"
    address = address_in(company.domicile, catalogue)
    known: Mapping[str, Any] = {
        "entity_name": company.name,
        "credit_code": company.uscc,
        "company_type": _option(catalogue, "company_type", _type_text(company)),
        "industry_code": _industry(company, catalogue),
        "business_scope": scope_in(company.scope, catalogue),
        "registered_capital_wan": _capital(company),
        "employees_count": company.employees,
        "domicile": None if is_individual else address,
        "premises_address": address if is_individual else None,
        "legal_representative_name": company.legal_representative.reveal(),
        **_term(company),
        **people.head(company),
        "shareholders": people.shareholders(company),
        "directors": people.table("directors", company.officers, _DIRECTORS),
        "supervisors": people.table("supervisors", company.officers, _SUPERVISORS),
        "managers": people.table("managers", company.officers, _MANAGERS),
        "finance_officer": people.person(company.officers, ("财务负责人",)),
        "liaison_officer": people.person(company.officers, ("联络员",)),
    }
    return {
        code: value
        for code, value in known.items()
        if code in catalogue.fields and value not in (None, "", [], {})
    }


def folded(text: str) -> str:
    """Without what makes no difference between two writings: width, case, blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def scope_in(scope: str, catalogue: Catalogue) -> list[str]:
    """The codes of all expressions; nothing when one of them is not in the look-up: half a scope
    would be another scope."""
    entries = catalogue.lookups.get("business_scope", {})
    codes = {folded(entry.name): code for code, entry in entries.items()}
    plain = _SCOPE_HEADING.sub("", _SCOPE_TAIL.sub("", folded(scope)))
    expressions = [expression for expression in _SCOPE_ENDS.split(plain) if expression]
    found = [codes[expression] for expression in expressions if expression in codes]
    return list(dict.fromkeys(found)) if len(found) == len(expressions) else []


def address_in(line: str, catalogue: Catalogue) -> Answers | None:
    """An address in one line, if it begins with a county of the province: ``street`` is the town or
    street that the line names next, ``detail`` the rest."""
    rest = "".join(line.split()).removeprefix("山东省")
    for city in _children(catalogue, "370000"):
        after = rest.removeprefix(city.name)
        for county in _children(catalogue, city.code):
            if after.startswith(county.name):
                return _address(county.code, after.removeprefix(county.name))
    return None


def _address(county: str, rest: str) -> Answers | None:
    street = re.match(r".{1,20}?(?:街道|镇|乡)(?=.)", rest)
    detail = rest[street.end() :] if street else rest
    if not detail:
        return None
    address = {"region": county, "detail": detail}
    return address | ({"street": street.group()} if street else {})


def _children(catalogue: Catalogue, parent: str) -> Iterable[Any]:
    return [region for region in catalogue.regions.values() if region.parent == parent]


def _type_text(company: RegisteredCompany) -> str:
    return "个体工商户" if company.kind == "individual" else company.type_text


def _option(catalogue: Catalogue, code: str, text: str) -> str | None:
    """The option with this label."""
    field = catalogue.fields.get(code)
    labels = {} if field is None else {folded(label): key for key, label in field.options.items()}
    return labels.get(folded(text))


def _industry(company: RegisteredCompany, catalogue: Catalogue) -> str | None:
    """Only a class that people can choose here."""
    entries = catalogue.lookups.get("industries", {})
    lettered = f"{company.industry_class}{company.industry}"
    return next((code for code in (company.industry, lettered) if code in entries), None)


def _capital(company: RegisteredCompany) -> int | float | None:
    if company.capital_wan is None or company.currency not in _CHINESE_YUAN:
        return None
    return _number(company.capital_wan) or None


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _term(company: RegisteredCompany) -> Answers:
    """Long when a beginning was told and no end; the years only if it is whole years, to a day."""
    start, end = company.term_from, company.term_to
    if start is None:
        return {}
    if end is None:
        return {"business_term": "long_term"}
    years = round((end - start).days / 365.2425)
    is_whole = abs((end - start).days - years * 365.2425) <= 2
    return {"business_term": "fixed"} | ({"business_term_years": years} if is_whole else {})


class _People:
    """Rows of people, with the columns that the dictionary has."""

    def __init__(self, catalogue: Catalogue, *, with_numbers: bool) -> None:
        self._fields = catalogue.fields
        self._with_numbers = with_numbers

    def head(self, company: RegisteredCompany) -> Answers:
        """The legal representative's number and post."""
        name, number = company.legal_representative.reveal(), company.legal_representative_id
        document = {
            f"legal_representative_{column}": value
            for column, value in self._document(number).items()
        }
        posts = [one.position for one in company.officers if one.name.reveal() == name]
        field = self._fields.get("legal_representative_post")
        post = next((found for found in map(_post, posts) if found is not None), None)
        is_asked = field is not None and post in field.options
        return document | ({"legal_representative_post": post} if is_asked else {})

    def table(
        self, code: str, officers: Iterable[Officer], positions: Sequence[str]
    ) -> list[Answers]:
        columns = self._columns(code)
        rows = []
        for number, officer in enumerate(_holding(officers, positions), 1):
            row = {"name": officer.name.reveal(), **self._document_of(officer)}
            if "post" in columns and (post := _post(officer.position)) is not None:
                row["post"] = post
            rows.append(_row(number, row, columns))
        return rows

    def person(self, officers: Iterable[Officer], positions: Sequence[str]) -> Answers | None:
        for officer in _holding(officers, positions):
            return {"name": officer.name.reveal(), **self._document_of(officer)}
        return None

    def shareholders(self, company: RegisteredCompany) -> list[Answers]:
        columns = self._columns("shareholders")
        capital = _whole_capital(company)
        return [
            _row(number, self._shareholder(one, capital), columns)
            for number, one in enumerate(company.shareholders, 1)
        ]

    def _shareholder(self, one: Shareholder, capital: Decimal | None) -> Answers:
        row: Answers = {"name": one.name.reveal()}
        if "身份证" in one.document and "外国人" not in one.document:
            row |= {"kind": "person", **self._document(one.id_number)}
        elif one.id_number is not None and _is_credit_code(one.id_number):
            # An organisation's code is printed on its licence: nobody's secret.
            row |= {
                "kind": "company",
                "id_type": _CREDIT_CODE,
                "id_number": one.id_number.reveal(),
            }
        if one.subscribed_wan:
            row["subscribed_wan"] = _number(one.subscribed_wan)
            if capital:
                row["percent"] = _number(round(one.subscribed_wan * 100 / capital, 6))
        if one.paid_wan:
            row["paid_wan"] = _number(one.paid_wan)
        return row

    def _document_of(self, officer: Officer) -> Answers:
        return self._document(officer.id_number) if officer.is_resident else {}

    def _document(self, number: IdNumber | None) -> Answers:
        """Of an identity card; other documents' kinds are not told in words that we know."""
        if number is None or not self._with_numbers:
            return {}
        return {"id_type": _IDENTITY_CARD, "id_number": number.reveal()}

    def _columns(self, code: str) -> Mapping[str, object]:
        field = self._fields.get(code)
        return {} if field is None else field.columns


def _row(number: int, row: Answers, columns: Mapping[str, object]) -> Answers:
    """With an id of ours, so that rows are merged like anybody's."""
    kept = {name: value for name, value in row.items() if name in columns}
    return {"_id": f"register-{number}", **kept}


def _holding(officers: Iterable[Officer], positions: Sequence[str]) -> Iterable[Officer]:
    return [one for one in officers if any(_is_called(one.position, word) for word in positions)]


def _is_called(position: str, word: str) -> bool:
    """A deputy is not what he is the deputy of, but the chair's deputy is a director; the board's
    secretary is not."""
    plain = position.replace("副董事长", "董事").replace("董事会秘书", "")
    return word in re.sub("副(?:总)?经理", "", plain)


def _post(position: str) -> str | None:
    for words, post in _POSTS:
        if _is_called(position, words):
            return post
    return None


def _whole_capital(company: RegisteredCompany) -> Decimal | None:
    """What the shares are parts of, if they add up to it."""
    total = sum((one.subscribed_wan or Decimal() for one in company.shareholders), Decimal())
    return total if total and total == company.capital_wan else None


def _is_credit_code(number: IdNumber) -> bool:
    try:
        read_credit_code(number.reveal())
    except InvalidCode:
        return False
    return True
