"""From templates and answers to what each document says. Pure, and short: the draft's view, the
check and every signature ask it what would be signed now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from kit.text import Text
from miniprogram_api.catalogue.service import (
    AnswersByStep,
    AskedMaterial,
    CompiledPlan,
    Part,
    Template,
    Title,
    holds,
    is_blank,
)
from miniprogram_api.documents.content import (
    Content,
    Paragraph,
    SignatureLine,
    Style,
    Table,
    hash_of,
)
from miniprogram_api.documents.signing import Signer, merged, signers_of
from miniprogram_api.documents.wording import Answers, Words

_NUMBERED = {"articles": "第{}条　", "points": "{}、"}
_SURE = {"high": "高", "medium": "中", "low": "低"}


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """One document as it would be made of these answers. ``source_hash`` is of all that it is made
    of and of who signs it: a change of any other answer leaves it as it is."""

    code: str
    title: Text
    source_hash: str
    signers: tuple[Signer, ...]
    content: Content
    needs_signature: bool


def documents_of(
    compiled: CompiledPlan, answers_by_step: AnswersByStep
) -> tuple[DocumentSpec, ...]:
    """Those that must be signed, in the order of the plan's materials."""
    maker = _Maker(compiled, compiled.flat(answers_by_step))
    return tuple(
        maker.of_template(asked, template)
        for asked, required in compiled.documents_asked(maker.answers)
        if required
        and (template := maker.template(asked.code)) is not None
        and maker.is_signed(template)
    )


def all_documents_of(
    compiled: CompiledPlan, answers_by_step: AnswersByStep
) -> tuple[DocumentSpec, ...]:
    """With those that are only there to be read: permits are declared by submitting."""
    maker = _Maker(compiled, compiled.flat(answers_by_step))
    specs = []
    for asked, required in compiled.documents_asked(maker.answers):
        template = maker.template(asked.code)
        if template is None:
            specs.append(maker.of_answers(asked))
        elif required or not maker.is_signed(template):
            specs.append(maker.of_template(asked, template))
    return tuple(specs)


def everybody_of(specs: Iterable[DocumentSpec]) -> tuple[Signer, ...]:
    """Whoever signs any of these, once, with all his roles."""
    return merged(signer for spec in specs for signer in spec.signers)


class _Maker:
    def __init__(self, compiled: CompiledPlan, answers: Answers) -> None:
        self.answers = answers
        self._compiled = compiled
        self._items = frozenset(compiled.items)
        self._words = Words(compiled.catalogue, answers)

    def template(self, code: str) -> Template | None:
        return self._compiled.catalogue.documents.templates.get(code)

    def is_signed(self, template: Template) -> bool:
        return not self._items.isdisjoint(template.items)

    def of_template(self, asked: AskedMaterial, template: Template) -> DocumentSpec:
        titles = (title for title in template.titles if self._applies(title))
        named: Title | Template = next(titles, template)
        parties = self._compiled.catalogue.documents.parties
        signers: tuple[Signer, ...] = ()
        if self.is_signed(template):
            signers = merged(
                signer
                for signed in template.signers
                if self._applies(signed)
                for signer in signers_of(signed.party, parties[signed.party], self.answers)
            )
        content = Content(
            title=named.title,
            blocks=tuple(_without_empty_parts(self._blocks(template))),
            signatures=tuple(
                SignatureLine(
                    "、".join(parties[role].title for role in signer.roles), signer.name.reveal()
                )
                for signer in signers
            ),
            basis=f"{template.source}；可信度：{_SURE[template.confidence]}",
        )
        title = Text(named.title, named.en)
        return _spec(asked.code, title, content, signers, self.is_signed(template))

    def of_answers(self, asked: AskedMaterial) -> DocumentSpec:
        """A document without a text of its own: what the items that hand it in asked."""
        codes = dict.fromkeys(code for use in asked.uses for code in self._asked_by(use.item))
        material = asked.material
        content = Content(
            title=material.name,
            blocks=tuple(self._form(codes)),
            signatures=(),
            basis=f"{material.source}；可信度：{_SURE[material.confidence]}",
        )
        return _spec(asked.code, Text(material.name, material.en), content, (), False)

    @cached_property
    def _asked(self) -> dict[str, tuple[str, ...]]:
        """The questions of each item that were answered, in the order of the form."""
        catalogue, operation = self._compiled.catalogue, self._compiled.selection.operation
        asked = {}
        for item in self._compiled.items:
            uses = catalogue.items[item].operations[operation].fields.of(item)
            codes = {
                use.code
                for use in uses
                if use.when is None or holds(use.when, self.answers) is True
            }
            asked[item] = tuple(code for code in self.answers if code in codes)
        return asked

    def _asked_by(self, item: str) -> tuple[str, ...]:
        return self._asked[item]

    def _applies(self, part: Part) -> bool:
        if part.items and self._items.isdisjoint(part.items):
            return False
        if part.operations and self._compiled.selection.operation not in part.operations:
            return False
        return part.when is None or holds(part.when, self.answers) is True

    def _blocks(self, template: Template) -> Iterator[Paragraph | Table]:
        number = 0
        for block in template.blocks:
            if not self._applies(block):
                continue
            if block.form is not None:
                asked = (code for code in block.form if self._is_answered(code))
                yield from self._form(asked, block.labels)
            elif block.table is not None:
                if self._is_answered(block.table):
                    yield self._table(block.table, block.columns)
            elif block.article is not None:
                number += 1
                words = self._words.filled(block.article)
                counted = _NUMBERED[template.numbering].format(numeral(number))
                yield Paragraph("article", f"{counted}{words}")
            else:
                style: Style = "text" if block.heading is None else "heading"
                yield Paragraph(style, self._words.filled(block.words))

    def _is_answered(self, code: str) -> bool:
        return not is_blank(self.answers.get(code))

    def _form(
        self, codes: Iterable[str], labels: Mapping[str, str] | None = None
    ) -> Iterator[Paragraph | Table]:
        """Questions and answers; an answer that is a table follows the ones before it."""
        pairs: list[tuple[str, ...]] = []
        for code in codes:
            field = self._words.field(code)
            if field.type != "table":
                label = (labels or {}).get(code, field.label)
                pairs.append((label, self._words.answer(code)))
                continue
            if pairs:
                yield Table((), tuple(pairs))
                pairs = []
            yield Paragraph("heading", field.label)
            yield self._table(code, tuple(field.columns))
        if pairs:
            yield Table((), tuple(pairs))

    def _table(self, code: str, columns: tuple[str, ...]) -> Table:
        shapes = self._words.field(code).columns
        head = tuple(shapes[column].label for column in columns)
        return Table(head, tuple(self._words.rows(code, columns)))


def _spec(
    code: str, title: Text, content: Content, signers: tuple[Signer, ...], is_signed: bool
) -> DocumentSpec:
    who = [(signer.identity, signer.roles, signer.id_type or "") for signer in signers]
    return DocumentSpec(code, title, hash_of(content, who), signers, content, is_signed)


def _without_empty_parts(blocks: Iterable[Paragraph | Table]) -> Iterator[Paragraph | Table]:
    """No heading over nothing: what it would stand over may not have been answered."""
    waiting: Paragraph | None = None
    for block in blocks:
        if isinstance(block, Paragraph) and block.style == "heading":
            waiting = block
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        yield block


_DIGITS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """1 to 99, as articles are numbered."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
