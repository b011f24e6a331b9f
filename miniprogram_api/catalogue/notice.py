"""一次告知: one notice for all chosen items, put together from the data, in Chinese."""

from collections.abc import Iterator, Sequence

from miniprogram_api.catalogue.clocks import UNIT_WORDS, reliable_limit, reliable_promise
from miniprogram_api.catalogue.conditions import Answers
from miniprogram_api.catalogue.facts import Clock, Confidence, Item, ItemOperation, Obtain, Period
from miniprogram_api.catalogue.schemas import Notice, NoticeLine, NoticeMaterial, PlanMaterial

REMARK = (
    "依据公开的法规、表单和指南整理，不是山东省的正式事项清单；"
    "可信度为低的内容仅供参考，以受理部门答复为准。"
)
HOW: dict[Obtain, str] = {
    "upload": "需上传",
    "shared_data": "由部门共享获取，无需提交",
    "generated": "根据填写内容自动生成，无需准备",
}

Chosen = Sequence[tuple[Item, ItemOperation]]


def notice_of(chosen: Chosen, materials: Sequence[PlanMaterial], answers: Answers) -> Notice:
    def lines(texts: Iterator[tuple[Item, str, Confidence]]) -> list[NoticeLine]:
        return [NoticeLine(item.code, text, confidence) for item, text, confidence in texts]

    return Notice(
        remark=REMARK,
        what=lines((item, _what(item, operation), item.confidence) for item, operation in chosen),
        who=lines((item, operation.who, item.confidence) for item, operation in chosen),
        materials=[
            NoticeMaterial(
                material.code,
                material.name,
                HOW[material.obtain]
                if material.follows is None
                else "执照核发后由系统转交，无需提交",
                material.required,
            )
            for material in materials
        ],
        bring=lines(
            (item, "、".join(operation.bring), item.confidence)
            for item, operation in chosen
            if operation.bring
        ),
        limits=lines(
            (item, text, confidence)
            for item, operation in chosen
            for text, confidence in _limits(operation.clock, answers)
        ),
        inspections=lines(
            (item, f"{item.department}进行现场核查", item.confidence)
            for item, operation in chosen
            if operation.inspection
        ),
        fees=lines(
            (item, operation.fee.text, operation.fee.confidence)
            for item, operation in chosen
            if operation.fee is not None
        ),
        legal_basis=lines(
            (item, "；".join(item.legal_basis), item.confidence) for item, _ in chosen
        ),
        sources=list(dict.fromkeys(source for item, _ in chosen for source in item.sources)),
    )


def _what(item: Item, operation: ItemOperation) -> str:
    name = operation.name or item.name
    if operation.validity_years is None:
        return f"{name}：{operation.result}"
    return f"{name}：{operation.result}（有效期{operation.validity_years}年）"


def _limits(clock: Clock, answers: Answers) -> Iterator[tuple[str, Confidence]]:
    promise, limit = reliable_promise(clock, answers), reliable_limit(clock)
    if promise is not None:
        yield f"承诺{_period(promise)}", promise.confidence
    if limit is not None:
        yield f"法定{_period(limit)}", limit.confidence


def _period(period: Period) -> str:
    note = "" if period.note is None else f"（{period.note}）"
    return f"{period.amount}{UNIT_WORDS[period.unit]}{note}"
