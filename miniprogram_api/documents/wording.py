"""Answers as a document words them."""

from collections.abc import Iterator, Mapping

from miniprogram_api.catalogue.service import (
    COUNT,
    Catalogue,
    Field,
    Placeholder,
    Shape,
    columns_of,
    pieces,
)

BLANK = "＿＿＿＿"
"""Stands where nothing was answered yet."""
_YES_NO = {True: "是", False: "否"}

Answers = Mapping[str, object]


class Words:
    """Makes texts of the answers of one draft, by field code."""

    def __init__(self, catalogue: Catalogue, answers: Answers) -> None:
        self._catalogue = catalogue
        self.answers = answers

    def field(self, code: str) -> Field:
        return self._catalogue.fields[code]

    def filled(self, words: str) -> str:
        return "".join(
            piece if isinstance(piece, str) else self._placed(piece) for piece in pieces(words)
        )

    def answer(self, code: str) -> str:
        """Nothing for a table, which is shown as one."""
        return self._of(self.field(code), self.answers.get(code)) or BLANK

    def rows(self, code: str, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        shapes = self.field(code).columns
        for row in _rows(self.answers.get(code)):
            yield tuple(self._of(shapes[column], row.get(column)) for column in columns)

    def _placed(self, piece: Placeholder) -> str:
        shape, answer = self.field(piece.code), self.answers.get(piece.code)
        if piece.column is None:
            return self._of(shape, answer) or BLANK
        if piece.column == COUNT:
            return str(len(_rows(answer)))
        column = columns_of(shape)[piece.column]
        rows = _rows(answer) if shape.type == "table" else [answer]
        texts = (self._of(column, row.get(piece.column)) for row in rows if isinstance(row, dict))
        return "、".join(text for text in texts if text) or BLANK

    def _of(self, shape: Shape, answer: object) -> str:  # noqa: C901, PLR0911 - one line a type
        if isinstance(answer, bool):
            return _YES_NO[answer]
        if isinstance(answer, int | float):
            return _number(shape, answer)
        if isinstance(answer, list):
            return "、".join(self._of_entry(shape, entry) for entry in answer)
        if isinstance(answer, dict):
            return self._compound(shape, answer)
        if not isinstance(answer, str):
            return ""
        if shape.options:
            return shape.options.get(answer, answer)
        if shape.lookup is not None:
            entry = self._catalogue.lookups[shape.lookup].get(answer)
            return answer if entry is None else entry.name
        if shape.type == "region":
            return self._region(answer)
        return _day(answer) if shape.type in ("date", "month") else answer

    def _of_entry(self, shape: Shape, entry: object) -> str:
        """Of a list: a chosen option, or an expression of the business scope."""
        return self._of(shape, entry) if isinstance(entry, str) else ""

    def _compound(self, shape: Shape, answer: Answers) -> str:
        columns = columns_of(shape)
        if shape.type == "address":
            parts = (self._of(column, answer.get(name)) for name, column in columns.items())
            return "".join(parts)
        if shape.type == "date_range":
            return "至".join(self._of(column, answer.get(name)) for name, column in columns.items())
        texts = (
            f"{column.label}：{self._of(column, answer[name])}"
            for name, column in columns.items()
            if answer.get(name) not in (None, "")
        )
        return "；".join(texts)

    def _region(self, code: str) -> str:
        """From the province down to the county."""
        names: list[str] = []
        regions = self._catalogue.regions
        place: str | None = code
        while place is not None and (region := regions.get(place)) is not None:
            names.insert(0, region.name)
            place = region.parent
        return "".join(names) or code


def _rows(answer: object) -> list[Answers]:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def _number(shape: Shape, answer: float) -> str:
    if shape.type == "money":
        fen = int(answer)
        return f"{fen // 100}.{fen % 100:02d}元"
    text = format(answer, "f").rstrip("0").rstrip(".") if isinstance(answer, float) else str(answer)
    return f"{text}{shape.unit or ''}"


def _day(answer: str) -> str:
    """``2026-11-22`` as 2026年11月22日."""
    parts = [part.lstrip("0") for part in answer.split("-")]
    return "".join(f"{part}{word}" for part, word in zip(parts, "年月日", strict=False))
