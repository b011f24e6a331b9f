"""The first letters of Chinese words in pinyin, so that ``lxq`` finds 历下区.

GB 2312 has its 3,755 common characters in the order of their pinyin, so the first letter follows
from the code; the rarer ones of Shandong's divisions, and characters that are read in two ways, are
listed. Other rare characters are found by themselves only.
"""

from bisect import bisect_right
from itertools import islice, product

VARIANTS_MAX = 8
_FIRST = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"),
    (0xB8C1, "g"), (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"),
    (0xC4C3, "n"), (0xC5B6, "o"), (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"),
    (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"), (0xD1B9, "y"), (0xD4D1, "z"), (0xD7FA, ""),
)  # fmt: skip
_STARTS = [code for code, _ in _FIRST]
_RARE = (
    "a鳌 b趵 c埕漕褚茌徂 d岱棣硐黛 f凫罘沣 g卦垓堌堽崮杲洸 h堠璜隍 j矶碣稷莒蛟鄄鸠 k叩夼阚 "
    "l俚岚崂徕泺珑蓼醴雒麟 m沐 n埝廿 p丕濮邳 q朐苘衢麒 s佘嵩沭泗 t坨疃砣滕郯鄌 w仵汶辋郚 "
    "x岘鑫 y兖峄嵛怡晏毓琊筵郓闫驿 z俎冢枳柘梓洙砦臧陬"
)
_TWO_WAYS = (
    "行xh 单ds 乐ly 长cz 朝cz 会hk 重zc 车cj 厦sx 泊bp 石sd 传cz 藏cz 盛sc 解jx 贾jg 莘sx "
    "莞gw 峤jq 调dt 弹dt 翟zd"
)
_LISTED = {character: group[0] for group in _RARE.split() for character in group[1:]} | {
    pair[0]: pair[1:] for pair in _TWO_WAYS.split()
}


def initials_of(text: str) -> tuple[str, ...]:
    """All readings, at most eight. A letter or digit stands for itself, what else is no character
    for nothing."""
    letters = [_letters_of(character) for character in text]
    readings = product(*(choices for choices in letters if choices))
    return tuple("".join(reading) for reading in islice(readings, VARIANTS_MAX))


def _letters_of(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    if character in _LISTED:
        return _LISTED[character]
    try:
        code = int.from_bytes(character.encode("gb2312"))
    except UnicodeEncodeError:
        return ""
    place = bisect_right(_STARTS, code) - 1
    return _FIRST[place][1] if place >= 0 else ""
