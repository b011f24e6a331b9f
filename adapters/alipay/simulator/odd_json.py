"""JSON as strange as it may be: what is verified must be the bytes, and nothing that means the
same.

Spaces where they are allowed, ``\\/``, ``\\u`` for some characters, braces inside a string, and the
members of an answer in any order.
"""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

_SPACES = ("", "", " ", "  ", "\t", "\n ")
_TRAP = 'a}b{"c\\'
"""A member that no table names, as Alipay adds members without asking; with braces that count as
braces to those who do not read strings."""


class OddWriter:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def content(self, members: Mapping[str, Any]) -> str:
        """What will be signed."""
        return self._value({**members, "ext_note": _TRAP})

    def answer(self, members: Sequence[tuple[str, str]]) -> str:
        """Members that are written already, in any order."""
        mixed = list(members)
        self._chance.shuffle(mixed)
        return self._object([(name, written) for name, written in mixed])

    def _value(self, value: Any) -> str:
        if isinstance(value, dict):
            return self._object([(key, self._value(each)) for key, each in value.items()])
        if isinstance(value, list):
            return "[" + ",".join(map(self._value, value)) + "]"
        if isinstance(value, str):
            return self._string(value)
        return json.dumps(value)

    def _object(self, members: Sequence[tuple[str, str]]) -> str:
        space = self._space
        written = [
            f"{space()}{json.dumps(name)}{space()}:{space()}{value}{space()}"
            for name, value in members
        ]
        return "{" + ",".join(written) + "}"

    def _string(self, value: str) -> str:
        written = json.dumps(value, ensure_ascii=self._chance.random() < 0.5)
        return written.replace("/", "\\/") if self._chance.random() < 0.5 else written

    def _space(self) -> str:
        return self._chance.choice(_SPACES)
