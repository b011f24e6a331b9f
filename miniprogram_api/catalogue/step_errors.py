"""From the validator's findings to errors that people can act on, at the place where they typed.

No message holds anything of what was typed: only the question's own words and bounds.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from jsonschema_rs import ValidationError, ValidationErrorKind

from kit.text import Text
from miniprogram_api.catalogue.columns import columns_of
from miniprogram_api.catalogue.facts import Shape
from miniprogram_api.catalogue.rule import StepError

# A member's name is shown in a pointer only if it looks like one of ours.
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_CHOSEN = frozenset(
    {"select", "multiselect", "lookup", "scope_picker", "region", "boolean", "date", "month"}
)

TOO_DEEP = StepError(
    "", "too_deep", Text("填写内容层级过多，请重新填写本步骤", "The answers are nested too deeply")
)


def unknown_field(path: Sequence[str | int], name: str) -> StepError:
    message = Text(
        "本步骤没有这一项，请刷新页面后重新填写", "This step has no such field; reload the page"
    )
    return StepError(
        pointer(path if not _PLAIN_NAME.fullmatch(name) else [*path, name]),
        "unknown_field",
        message,
    )


def bulky(shape: Shape | None, code: str) -> StepError:
    """``shape``: None for a field that the step does not have."""
    if shape is None:
        return unknown_field([], code)
    message = Text(
        f"{shape.label}内容过多，请精简后重新填写", f"{shape.en}: too much; make it shorter"
    )
    return StepError(pointer([code]), "too_large", message)


def missing(shape: Shape, path: Sequence[str | int]) -> StepError:
    if shape.type == "confirm":
        text = Text(f"请阅读并确认：{shape.label}", f"Please confirm: {shape.en}")
    elif shape.type in _CHOSEN:
        text = Text(f"请选择{shape.label}", f"Please choose: {shape.en}")
    else:
        text = Text(f"请填写{shape.label}", f"Please fill in: {shape.en}")
    return StepError(pointer(path), "required", text)


def _without_id(path: Sequence[str | int]) -> StepError:
    """Rows are told apart and merged by the id that the client made."""
    message = Text(
        "这一行缺少编号，请删除后重新添加", "This row has no _id; remove and add it again"
    )
    return StepError(pointer(path), "row_id_required", message)


def wrong_document(shape: Shape, path: Sequence[str | int]) -> StepError:
    return StepError(pointer(path), "invalid_id_number", _WRONG_ID(shape))


def repeated_row(shape: Shape, path: Sequence[str | int]) -> StepError:
    message = Text(
        f"{shape.label}中有重复的行，请刷新后重试", f"Two rows of {shape.en} have the same _id"
    )
    return StepError(pointer(path), "duplicate_row", message)


def dates_reversed(shape: Shape, path: Sequence[str | int]) -> StepError:
    message = Text(
        f"{shape.label}的结束日期不能早于开始日期", f"{shape.en}: the end is before the start"
    )
    return StepError(pointer(path), "dates_reversed", message)


def from_finding(finding: ValidationError, shapes: Mapping[str, Shape]) -> Sequence[StepError]:
    """What one finding of the validator says; ``shapes`` are the questions of the step."""
    path, kind = finding.instance_path, finding.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        return [unknown_field(path, name) for name in kind.unexpected]
    if isinstance(kind, ValidationErrorKind.Required):
        path = [*path, kind.property]
        shape = _shape_at(path, shapes)
        return [_without_id(path)] if shape is None else [missing(shape, path)]
    shape = _shape_at(path, shapes)
    if shape is None:
        message = Text(
            "内容格式不正确，请重新填写", "The content is not acceptable; fill it in again"
        )
        return [StepError(pointer(path), "wrong_type", message)]
    if isinstance(kind, ValidationErrorKind.MinLength) and finding.instance == "":
        return [missing(shape, path)]
    if isinstance(kind, ValidationErrorKind.Format):
        return [_wrong_format(shape, path, kind.format)]
    code, words = _FINDINGS.get(kind.name, ("wrong_format", _wrong))
    return [StepError(pointer(path), code, words(shape))]


def pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _shape_at(path: Sequence[str | int], shapes: Mapping[str, Shape]) -> Shape | None:
    """The question or column that a path leads to; row numbers are passed over."""
    shape: Shape | None = None
    within: Mapping[str, Shape] = shapes
    for part in path:
        if isinstance(part, int):
            continue
        shape = within.get(part)
        if shape is None:
            return None
        within = columns_of(shape)
    return shape


def _wrong_format(shape: Shape, path: Sequence[str | int], name: str) -> StepError:
    if name.startswith("lookup-") or name == "region":
        text = Text(f"请从列表中选择{shape.label}", f"Choose from the list: {shape.en}")
        return StepError(pointer(path), "not_an_option", text)
    code, words = _FORMATS[name]
    return StepError(pointer(path), code, words(shape))


def _say(zh: str, en: str) -> Callable[[Shape], Text]:
    def say(shape: Shape) -> Text:
        words = {name: _figure(getattr(shape, name)) for name in _BOUNDS}
        words["unit"] = shape.unit or ""
        return Text(zh.format(label=shape.label, **words), en.format(label=shape.en, **words))

    return say


_BOUNDS = ("min", "max", "above", "min_length", "max_length", "decimals", "min_rows", "max_rows")


def _figure(bound: object) -> str:
    return f"{bound:.0f}" if isinstance(bound, float) and bound.is_integer() else str(bound)


def _low(shape: Shape) -> Text:
    if shape.above is not None:
        return _say("{label}应大于{above}{unit}", "{label} must be more than {above}")(shape)
    if shape.min is None:
        return _say("{label}不能小于0", "{label} cannot be less than 0")(shape)
    return _say("{label}不能小于{min}{unit}", "{label} cannot be less than {min}")(shape)


def _high(shape: Shape) -> Text:
    if shape.max is None:
        return _say("{label}超出范围，请核对", "{label} is out of range")(shape)
    return _say("{label}不能大于{max}{unit}", "{label} cannot be more than {max}")(shape)


def _long(shape: Shape) -> Text:
    if shape.max_length is None:
        return _say("{label}过长，请核对", "{label} is too long")(shape)
    return _say("{label}最多{max_length}个字", "{label} has at most {max_length} characters")(shape)


def _few(shape: Shape) -> Text:
    return _say("{label}至少选填一项", "{label} needs at least one entry")(shape)


def _many(shape: Shape) -> Text:
    if shape.max_rows is None:
        return _say("{label}选项过多，请核对", "{label} has too many entries")(shape)
    return _say("{label}最多{max_rows}项", "{label} has at most {max_rows} entries")(shape)


def _unlike(shape: Shape) -> Text:
    wrong = _wrong(shape)
    return wrong if shape.hint is None else Text(f"{wrong.zh}：{shape.hint}", wrong.en)


_wrong = _say("{label}格式不正确，请核对后重新填写", "{label} is not in the right format")
_WRONG_ID = _say(
    "{label}不正确，请对照证件逐位核对", "{label} cannot be right; compare it with the document"
)
_FINDINGS: Mapping[str, tuple[str, Callable[[Shape], Text]]] = {
    "type": ("wrong_type", _wrong),
    "pattern": ("wrong_format", _unlike),
    "not": (
        "unseen_character",
        _say(
            "{label}含有看不见的特殊字符，请删除后重新输入，不要粘贴",
            "{label} has characters that cannot be seen; type it anew instead of pasting it",
        ),
    ),
    "minLength": ("too_short", _say("{label}过短，请填写完整", "{label} is too short")),
    "maxLength": ("too_long", _long),
    "enum": ("not_an_option", _say("请从选项中选择{label}", "Choose one of the options: {label}")),
    "const": ("must_confirm", _say("请阅读并确认：{label}", "Please confirm: {label}")),
    "minimum": ("too_small", _low),
    "exclusiveMinimum": ("too_small", _low),
    "maximum": ("too_large", _high),
    "multipleOf": (
        "too_precise",
        _say("{label}最多保留{decimals}位小数", "{label} has at most {decimals} decimals"),
    ),
    "minItems": ("too_few", _few),
    "maxItems": ("too_many", _many),
    "uniqueItems": ("duplicate", _say("{label}有重复的选项", "{label} has an entry twice")),
}
_FORMATS: Mapping[str, tuple[str, Callable[[Shape], Text]]] = {
    "id-number": ("invalid_id_number", _WRONG_ID),
    "credit-code": (
        "invalid_credit_code",
        _say(
            "{label}不正确，请对照营业执照逐位核对",
            "{label} cannot be right; compare it with the licence",
        ),
    ),
    "date": (
        "invalid_date",
        _say("{label}不是有效日期，请重新选择", "{label} is not a real date; choose again"),
    ),
    "email": (
        "invalid_email",
        _say("{label}格式不正确，请核对", "{label} is not an email address"),
    ),
}
