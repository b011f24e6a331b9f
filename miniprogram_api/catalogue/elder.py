"""The same form for elder people: one question a page, with a hint and a text to be read aloud.

A page asks one field of one step. Its answer is saved as that one member of the step's answers, so
a draft filled in page by page is the draft that the steps would have given.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from kit.text import Text
from miniprogram_api.catalogue.checking import Question, StepChecker
from miniprogram_api.catalogue.columns import columns_of
from miniprogram_api.catalogue.conditions import any_of
from miniprogram_api.catalogue.facts import FieldType, Shape
from miniprogram_api.catalogue.plan_schemas import ElderPage, ElderPart

# More options than anybody keeps in mind are left to the eyes.
OPTIONS_READ = 6


def elder_pages(steps: Iterable[StepChecker]) -> Iterator[ElderPage]:
    """In the order of the form."""
    for step in steps:
        for question in step.questions:
            yield _page(step.key, question)


def _page(step: str, question: Question) -> ElderPage:
    field = question.field
    rare = not any(use.required for use in question.uses)
    spoken = _spoken(field, rare)
    asked = _asked(field)
    return ElderPage(
        step=step,
        field=question.code,
        question=asked.zh,
        question_en=asked.en,
        hint=_hint(field),
        speak=spoken.zh,
        speak_en=spoken.en,
        rare=rare,
        when=None if question.always_asked else any_of(use.when for use in question.uses),
        parts=[
            ElderPart(
                code=name,
                question=_asked(column).zh,
                required=column.required,
                hint=_hint(column),
                speak=_spoken(column, not column.required).zh,
            )
            for name, column in columns_of(field).items()
        ],
    )


def _asked(shape: Shape) -> Text:
    if shape.type == "confirm":
        return Text(f"请确认：{shape.label}", f"Please confirm: {shape.en}")
    if shape.type == "boolean":
        return Text(f"{shape.label}？请选“是”或“否”", f"{shape.en}? Yes or no")
    if shape.type in _CHOSEN:
        return Text(f"请选择{shape.label}", f"Please choose: {shape.en}")
    return Text(f"请填写{shape.label}", f"Please fill in: {shape.en}")


def _spoken(shape: Shape, rare: bool) -> Text:
    asked = _asked(shape)
    zh, en = [asked.zh], [asked.en]
    if shape.options:
        options = list(shape.options.values())
        read = "；".join(options[:OPTIONS_READ])
        zh.append(f"共{len(options)}个选项" if len(options) > OPTIONS_READ else f"可以选：{read}")
        en.append(f"{len(options)} options")
    parts = [column.label for column in columns_of(shape).values() if column.required]
    if parts:
        zh.append(f"要填的有：{'、'.join(parts)}")
    if shape.type == "table":
        zh.append(f"可以添加，最多{shape.max_rows or 1}行")
        en.append(f"at most {shape.max_rows or 1} rows")
    hint = _hint(shape)
    if hint is not None:
        zh.append(hint)
    if rare:
        zh.append("这一项可以不填")
        en.append("you may leave this out")
    return Text(f"{'。'.join(zh)}。".translate(_ALOUD), f"{'. '.join(en)}.")


def _hint(shape: Shape) -> str | None:
    """The question's own hint, or what its type and bounds tell."""
    if shape.hint is not None:
        return shape.hint
    known = _HINTS.get(shape.type)
    if known is not None:
        return known
    bounds = _BOUNDS.get(shape.type)
    return None if bounds is None else bounds(shape)


def _length(shape: Shape) -> str | None:
    if shape.max_length is None:
        return None
    least = shape.min_length or 1
    return f"{least}到{shape.max_length}个字" if least > 1 else f"最多{shape.max_length}个字"


def _range(shape: Shape) -> str | None:
    unit = shape.unit or ""
    least = shape.above if shape.min is None else shape.min
    if shape.max is None or least is None:
        return f"单位是{unit}" if unit else None
    start = f"大于{least:g}{unit}" if shape.min is None else f"从{least:g}{unit}起"
    return f"{start}，最多{_figure(shape.max)}{unit}"


def _figure(value: int | float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


# Signs that a reader would spell out, and brackets, in which it loses the sentence.
_ALOUD = str.maketrans(
    {
        "“": "", "”": "", '"': "", "(": "，", "（": "，", ")": "", "）": "", "/": "或", "+": "加",
        "<": "", ">": "", "《": "", "》": "",
    }
)  # fmt: skip
_CHOSEN = frozenset({"select", "multiselect", "lookup", "scope_picker", "region", "date", "month"})
_HINTS: Mapping[FieldType, str] = {
    "date": "选年、月、日",
    "month": "选年和月",
    "mobile": "11位手机号码",
    "phone": "手机号码，或区号加固定电话号码",
    "email": "例如 name@example.com",
    "url": "以 http 或 https 开头的网址",
    "id_number": "照着证件逐位填写，身份证是18位，最后一位可能是字母X",
    "credit_code": "照着营业执照填写，一共18位",
    "bank_account": "照着开户许可或银行卡填写，只填数字",
    "multiselect": "可以选几项",
    "scope_picker": "可以选几项",
    "region": "选到区县",
}
_BOUNDS: Mapping[FieldType, Callable[[Shape], str | None]] = {
    "text": _length,
    "textarea": _length,
    "number": _range,
    "integer": _range,
}
