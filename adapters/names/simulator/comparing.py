"""Which names are the same and which are similar, as the simulated library has it.

What is law: names are compared within one registration authority; a trade word (字号) may not be
that of another name in the same industry, or of one without an industry, that is registered or
kept, or was given up less than a year ago (企业名称登记管理规定 article 17).

What was read elsewhere, medium: that all authorities of one prefecture-level city are one in this
(secondary sources on 企业名称申报指引, 2025年版); that the same parts in another order are the same
name, and that the same sound or a trade word inside another one makes names similar
(企业名称相同相近比对规则, 工商企注字〔2017〕133号, older than the law that is in force).

What is ours, LOW CONFIDENCE: two industries are the same when their words are, or their divisions
(the first two digits of GB/T 4754); one different character of three or more is similar; the few
sounds below, which are all that this library hears.
"""

from dataclasses import dataclass
from typing import NamedTuple

SAME, SIMILAR = "1", "2"
WHOLE_NAME, TRADE_WORD, SOUND, CONTAINED, ONE_CHARACTER = "01", "02", "11", "12", "13"
_LONG_ENOUGH = 3

_SOUNDS = (
    "新鑫欣馨薪心芯 福富阜 源元园圆缘原 盛胜圣晟 和禾合荷 嘉佳家加 诚成城程丞 泰太 华花 丰峰锋枫 "
    "宏鸿红弘洪 亿易益毅逸义意忆艺 利丽力立 祥翔享 瑞睿锐 兴星 味为 鲁路陆露璐 齐琪奇旗祺 "
    "辰晨臣 宇语雨羽 德得 金今津 玉裕誉豫 百柏 联莲 景锦 轩萱"
)
_SOUND_OF = {character: group[0] for group in _SOUNDS.split() for character in group}


class Difference(NamedTuple):
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Name:
    full: str
    authority: str
    """The first four digits of the division where the company is."""
    region: str
    trade: str
    industry: str
    industry_code: str
    form: str

    @property
    def parts(self) -> list[str]:
        """In no order."""
        return sorted((self.region, self.trade, self.industry, self.form))


def compared(proposed: Name, kept: Name) -> Difference | None:
    """Why ``kept`` is in the way of ``proposed``; None when it is not."""
    if proposed.authority != kept.authority:
        return None
    if proposed.full == kept.full or proposed.parts == kept.parts:
        return Difference(SAME, WHOLE_NAME)
    if not _same_industry(proposed, kept):
        return None
    return _trade_words_compared(proposed.trade, kept.trade)


def _trade_words_compared(proposed: str, kept: str) -> Difference | None:
    if proposed == kept:
        return Difference(SAME, TRADE_WORD)
    if _sound(proposed) == _sound(kept):
        return Difference(SIMILAR, SOUND)
    if proposed in kept or kept in proposed:
        return Difference(SIMILAR, CONTAINED)
    if _differs_in_one(proposed, kept):
        return Difference(SIMILAR, ONE_CHARACTER)
    return None


def _same_industry(one: Name, other: Name) -> bool:
    if not one.industry or not other.industry or one.industry == other.industry:
        return True
    return bool(one.industry_code) and one.industry_code[:2] == other.industry_code[:2]


def _sound(trade: str) -> str:
    return "".join(_SOUND_OF.get(character, character) for character in trade)


def _differs_in_one(one: str, other: str) -> bool:
    if len(one) != len(other) or len(one) < _LONG_ENOUGH:
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1
