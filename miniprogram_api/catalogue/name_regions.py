"""How the divisions of Shandong are written in names.

A division may be written without its 省, 市 or 县 where two characters remain; a district (市辖区)
and a county may have the city, and the city the province, in front. Which divisions a name may give
is in 企业名称登记管理规定 article 7; that the last character may be left out is practice (medium).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from miniprogram_api.catalogue.facts import Region

SHORT_CHARACTERS_MIN = 2


class _Spelling(NamedTuple):
    codes: tuple[str, ...]
    district_alone: bool
    short_county: bool


class RegionWords:
    """Built once for a catalogue: some 3,000 spellings."""

    def __init__(
        self, regions: Mapping[str, Region], zones: frozenset[str], endings: tuple[str, ...],
        zone_words: tuple[str, ...],
    ) -> None:  # fmt: skip
        self._endings = endings
        self._zone_words = zone_words
        self._zones = zones
        self._spellings: dict[str, _Spelling] = {}
        self._divisions: set[str] = set()
        self._short_names: set[str] = set()
        divisions = [region for region in regions.values() if len(region.code) == 6]
        for region in divisions:
            self._write(region, regions, zone=region.code in zones)
        self._length_max = max(map(len, self._spellings), default=0)

    def code_of(self, text: str) -> str | None:
        """The division that is written so, a zone's words behind it aside; of several of that name
        the first. None for what is none."""
        spelling = self._spelling(text)
        return None if spelling is None else spelling.codes[0]

    def prefixes(self, text: str, company_region: str) -> Iterator[str]:
        """Divisions, with a zone's words behind, that ``text`` may begin with: those where the
        company is first, then the longest."""
        found = []
        for length in range(min(len(text), self._length_max), 0, -1):
            spelling = self._spellings.get(text[:length])
            if spelling is None:
                continue
            covers = _covers(spelling.codes, company_region)
            # 阳信 in 阳信达餐饮 is a region only for who is there.
            if covers or not spelling.short_county:
                found.append((not covers, text[: self._with_zone(text, length)]))
        return (word for _, word in sorted(found, key=lambda one: one[0]))

    def covers(self, text: str, company_region: str) -> bool:
        """Whether the company is, or may be, in the division that is written so: of a company in a
        city or a zone it is not known in which county it is."""
        spelling = self._spelling(text)
        if spelling is None:
            return False
        county_unknown = company_region.endswith("00") or company_region in self._zones
        return _covers(spelling.codes, company_region) or (
            county_unknown and any(code[:4] == company_region[:4] for code in spelling.codes)
        )

    def is_district_alone(self, text: str) -> bool:
        spelling = self._spelling(text)
        return spelling is not None and spelling.district_alone

    def is_short_county(self, text: str) -> bool:
        """A county without its last character and without a city in front: the characters of many a
        trade word."""
        spelling = self._spelling(text)
        return spelling is not None and spelling.short_county

    def is_division(self, text: str) -> bool:
        """The full name of a division, such as 青岛市."""
        return text in self._divisions

    def is_short_name(self, text: str) -> bool:
        """Such as 青岛."""
        return text in self._short_names

    def inside(self, text: str) -> bool:
        """Whether the full name of a province's, city's or county's division stands anywhere."""
        return any(division in text for division in self._divisions)

    def _spelling(self, text: str) -> _Spelling | None:
        found = self._spellings.get(text)
        if found is not None:
            return found
        for word in self._zone_words:
            if text.endswith(word) and (found := self._spellings.get(text.removesuffix(word))):
                return found
        return None

    def _with_zone(self, text: str, length: int) -> int:
        zones = (word for word in self._zone_words if text.startswith(word, length))
        return length + max(map(len, zones), default=0)

    def _write(self, region: Region, regions: Mapping[str, Region], *, zone: bool) -> None:
        names = (region.name,) if zone else self._names(region.name)
        above = self._above(region, regions)
        if not zone:
            self._divisions.add(region.name)
            self._short_names.update(names[1:])
        district = region.name.endswith("区") and not zone and region.code[4:] != "00"
        county = region.code[4:] != "00" and not zone
        for before in above:
            for name in names:
                short = county and not before and name != region.name
                if district and short:
                    continue
                alone = district and not before
                self._add(f"{before}{name}", _Spelling((region.code,), alone, short))

    def _add(self, text: str, spelling: _Spelling) -> None:
        known = self._spellings.get(text)
        codes = spelling.codes if known is None else known.codes + spelling.codes
        self._spellings[text] = spelling._replace(codes=codes)

    def _above(self, region: Region, regions: Mapping[str, Region]) -> list[str]:
        """What may stand before it, nothing among it."""
        parent = regions.get(region.parent or "")
        if parent is None:
            return [""]
        names = self._names(parent.name)
        return [
            "",
            *(f"{before}{name}" for before in self._above(parent, regions) for name in names),
        ]

    def _names(self, name: str) -> tuple[str, ...]:
        """The full name, and the short one where there is one."""
        short = name[:-1]
        if name[-1:] in self._endings and len(short) >= SHORT_CHARACTERS_MIN:
            return name, short
        return (name,)


def _covers(codes: tuple[str, ...], company_region: str) -> bool:
    return any(company_region.startswith(_stem(code)) for code in codes)


def _stem(code: str) -> str:
    """What the codes of everything inside a division begin with."""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code
