"""The texts of the documents that we make of the answers, and who signs them: data, checked.

They are model texts of ours, written from what the law says such a document must contain; none is
an official form, and each says so where it is shown (``confidence`` is never ``high``).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from miniprogram_api.catalogue.columns import columns_of
from miniprogram_api.catalogue.conditions import Condition
from miniprogram_api.catalogue.dated import code_of, rows_on
from miniprogram_api.catalogue.facts import (
    Code,
    Dated,
    Fact,
    Field,
    Item,
    Material,
    Operation,
    Words,
)
from miniprogram_api.catalogue.reading import FolderReader, Place

PARTIES_FILE = "documents/parties.yaml"
_KINDS = ("heading", "text", "article", "form", "table")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?\}")
COUNT = "count"
"""``{shareholders.count}``: how many rows; any other word after the dot is a column."""


class Party(Fact, frozen=True, kw_only=True):
    """Somebody who signs, and the answers that say who that is: columns of a table (``rows``),
    parts of a ``person``, or questions of their own. Where no document of a person is asked,
    ``uscc`` names the organisation for which somebody signs."""

    title: Words
    en: Words
    rows: Code | None = None
    person: Code | None = None
    name: Code
    id_type: Code | None = None
    id_number: Code | None = None
    phone: Code | None = None
    uscc: Code | None = None
    source: Words
    confidence: Literal["medium", "low"]


class Part(Fact, frozen=True, kw_only=True):
    """Only in documents for these items and operations (none named: all), and these answers."""

    items: tuple[Code, ...] = ()
    operations: tuple[Operation, ...] = ()
    when: Condition | None = None


class Title(Part, frozen=True, kw_only=True):
    title: Words
    en: Words


class Block(Part, frozen=True, kw_only=True):
    """Exactly one of a heading, a paragraph, a numbered article, a form of questions and answers, a
    table of rows. Texts name answers as ``{code}`` or ``{code.column}``. ``labels``: what questions
    of the form are called here, where their own words are another kind of entity's."""

    heading: str | None = None
    text: str | None = None
    article: str | None = None
    form: tuple[Code, ...] | None = None
    labels: dict[Code, Words] = msgspec.field(default_factory=dict)
    table: Code | None = None
    columns: tuple[Code, ...] = ()

    def __post_init__(self) -> None:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise ValueError(f"a block is one of {', '.join(_KINDS)}")
        if bool(self.columns) != (self.table is not None):
            raise ValueError("`columns` and `table` belong together")
        if not self.labels.keys() <= set(self.form or ()):
            raise ValueError("`labels` are of questions of the `form`")

    @property
    def words(self) -> str:
        return self.heading or self.text or self.article or ""


class SignedBy(Part, frozen=True, kw_only=True):
    party: Code


class Template(Dated, frozen=True, kw_only=True):
    """``items``: the registrations for which it must be signed. Others that hand it in hand in what
    their applicant declares by submitting (docs/documents.md)."""

    title: Words
    en: Words
    titles: tuple[Title, ...] = ()
    numbering: Literal["articles", "points"] = "articles"
    items: tuple[Code, ...]
    blocks: tuple[Block, ...]
    signers: tuple[SignedBy, ...]
    source: Words
    confidence: Literal["medium", "low"]


class Placeholder(NamedTuple):
    code: str
    column: str | None


class Documents(NamedTuple):
    """``templates`` by the code of the material, ``files`` where each stands."""

    templates: Mapping[str, Template]
    files: Mapping[str, str]
    parties: Mapping[str, Party]

    def on(self, day: date) -> "Documents":
        """What holds on that day."""
        files = {code_of(key): file for key, file in self.files.items()}
        return Documents(rows_on(self.templates, day), files, self.parties)


@lru_cache(maxsize=1024)
def pieces(words: str) -> tuple[str | Placeholder, ...]:
    """A text cut at its placeholders."""
    cut: list[str | Placeholder] = []
    end = 0
    for found in _PLACEHOLDER.finditer(words):
        cut += [words[end : found.start()], Placeholder(found[1], found[2])]
        end = found.end()
    return tuple(piece for piece in (*cut, words[end:]) if piece != "")


def read_documents(reader: FolderReader) -> Documents:
    templates: dict[str, Template] = {}
    files: dict[str, str] = {}
    names = reader.names("documents")
    for name in names:
        if name == PARTIES_FILE:
            continue
        for code, template in reader.mapping(name, Template).items():
            if code in templates:
                reader.fault(name, (code,), f"this document is in {files[code]} already")
            templates[code], files[code] = template, name
    parties = reader.mapping(PARTIES_FILE, Party) if PARTIES_FILE in names else {}
    return Documents(templates, files, parties)


class _Known(NamedTuple):
    documents: Documents
    fields: Mapping[str, Field]
    items: Mapping[str, Item]


def template_faults(
    documents: Documents,
    fields: Mapping[str, Field],
    materials: Mapping[str, Material],
    items: Mapping[str, Item],
) -> Iterator[tuple[str, Place, str]]:
    for code, party in documents.parties.items():
        for rule in _party(party, fields):
            yield PARTIES_FILE, (code,), rule
    known = _Known(documents, fields, items)
    for key, template in documents.templates.items():
        material = materials.get(code_of(key))
        if material is None or material.obtain != "generated":
            yield documents.files[key], (key,), "is not a material that we make of the answers"
        for place, rule in _template(template, known):
            yield documents.files[key], (key, *place), rule


def _template(template: Template, known: _Known) -> Iterator[tuple[Place, str]]:
    parts = (*template.titles, *template.blocks, *template.signers)
    for item in (*template.items, *(item for part in parts for item in part.items)):
        if item not in known.items:
            yield (), f"no such item: `{item}`"
    if not template.signers:
        yield ("signers",), "nobody signs it"
    for index, signed in enumerate(template.signers):
        if signed.party not in known.documents.parties:
            yield ("signers", index), f"no such party: `{signed.party}`"
    for index, block in enumerate(template.blocks):
        for rule in _block(block, template, known):
            yield ("blocks", index), rule


def _party(party: Party, fields: Mapping[str, Field]) -> Iterator[str]:
    whole = party.rows or party.person
    codes = [party.name, party.id_type, party.id_number, party.phone]
    if whole is None:
        known: Mapping[str, object] = fields
    elif whole not in fields:
        yield f"no such field: `{whole}`"
        return
    else:
        known = columns_of(fields[whole])
    for code in (code for code in codes if code is not None and code not in known):
        yield f"neither a question nor a column: `{code}`"
    if party.uscc is not None and party.uscc not in fields:
        yield f"no such field: `{party.uscc}`"
    if party.id_number is None and party.uscc is None:
        yield "nothing says who that is: `id_number` or `uscc`"


def _block(block: Block, template: Template, known: _Known) -> Iterator[str]:
    named = [piece for piece in pieces(block.words) if isinstance(piece, Placeholder)]
    if any("{" in piece for piece in pieces(block.words) if isinstance(piece, str)):
        yield "a brace opens no placeholder"
    columns = [(each.code, each.column) for each in named if each.column not in (None, COUNT)]
    codes = {each.code for each in named} | set(block.form or ())
    if block.table is not None:
        codes.add(block.table)
        columns += [(block.table, column) for column in block.columns]
    missing = codes - known.fields.keys()
    for code in sorted(missing):
        yield f"no such field: `{code}`"
    for code, column in columns:
        if code not in missing and column not in columns_of(known.fields[code]):
            yield f"`{code}` has no column `{column}`"
    deciding = set() if block.when is None else set(block.when.fields())
    for code in sorted((codes | deciding) - missing - _asked(block, template, known.items)):
        yield f"none of its items asks `{code}`"


def _asked(block: Block, template: Template, items: Mapping[str, Item]) -> set[str]:
    return {
        use.code
        for code in block.items or template.items
        if code in items
        for name, operation in items[code].operations.items()
        if not block.operations or name in block.operations
        for use in operation.fields.of(code)
    }
