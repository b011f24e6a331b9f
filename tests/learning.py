"""What nobody may print, learnt while the suite runs.

Most of it is made up on the way: tokens, one-time codes, open ids, session keys, the keys of a data
folder. Nobody has to remember to report them: the doors that all of them pass are watched, none of
which behaves any differently for it.
"""

import base64
import binascii
import contextlib
import functools
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.far_side import FarSide
from adapters.http import Peer, Reply
from bff.mock.personas import PERSONAS
from bff.mock.world import World
from kit.secrets import IdNumber, Masked, PersonName, PhoneNumber, Secret

SECRET_CHARACTERS_MIN = 16
"""Shorter ones are a test's own ``Secret("x")``, and no secret of anybody."""
ID_CHARACTERS_MIN = 8

# fmt: off
MEMBERS = frozenset({
    "accesstoken", "refreshtoken", "token", "ticket", "authcode", "jscode", "sessionkey", "openid",
    "unionid", "userid", "uuid", "verifyid", "certifyid", "idnumber", "certno", "phone", "mobile",
    "pem", "secret",
})
"""Members of JSON objects, without case and underscores, whose text is told to nobody."""
KINDS = frozenset({
    "token", "ticket", "login_code", "phone_code", "auth_code", "code", "open_id", "session",
    "face", "certification", "number",
})
"""Facts of the simulators whose very key is told to nobody."""
# fmt: on
TELLING = frozenset({"credential", "proof"})
"""Members whose every text is."""
PEOPLE = frozenset({"person", "number"})
"""Facts whose ``name`` is a person's."""

_KEYS_FILE = "development-keys.json"
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,20}")
_SECRET_NAME = re.compile(r".*(KEY|KEYS|SECRET|WORD|TOKEN)")


class Learning:
    """Adds to ``values``, which others read at any time."""

    def __init__(self, values: set[str]) -> None:
        self.values = values
        self._files: set[Path] = set()
        for persona in PERSONAS.values():
            for value in (persona.name, persona.id_number, persona.phone):
                self.masked(value)

    def watch(self, watching: pytest.MonkeyPatch) -> None:
        """The types that mask themselves, the memory of the simulators, what they answer the
        adapters, and what the product answers the tests."""
        learning, new, put = self, Masked.__init__, FarSide.put
        ask, send = Peer.request, httpx.AsyncClient.send

        def watched_new(value: Masked, text: str) -> None:
            new(value, text)
            learning.masked(value)

        def watched_put(far_side: FarSide, kind: str, key: str, body: dict[str, Any]) -> None:
            learning.fact(kind, key, body)
            put(far_side, kind, key, body)

        async def watched_ask(peer: Peer, method: str, path: str, **how: Any) -> Reply:
            reply = await ask(peer, method, path, **how)
            learning.document(reply.body)
            return reply

        async def watched_send(
            client: httpx.AsyncClient, request: httpx.Request, **how: Any
        ) -> httpx.Response:
            response = await send(client, request, **how)
            if not how.get("stream") and "json" in response.headers.get("content-type", ""):
                learning.document(response.content)
            return response

        watching.setattr(Masked, "__init__", watched_new)
        watching.setattr(FarSide, "put", watched_put)
        watching.setattr(Peer, "request", watched_ask)
        watching.setattr(httpx.AsyncClient, "send", watched_send)

    def masked(self, value: Masked) -> None:
        text = value.reveal()
        match value:
            case Secret():
                self._secret(text)
            case IdNumber() if len(text) in {15, 18} and text[:-1].isdigit():
                self.values.add(text)
            case PhoneNumber() if len(text) >= 11 and text.lstrip("+").isdigit():
                self.values.add(text)
            case PersonName() if _HAN_NAME.fullmatch(text):
                self.values.add(text)

    def fact(self, kind: str, key: str, body: Mapping[str, Any]) -> None:
        """One of a simulator's."""
        if kind in KINDS:
            self._id(key)
        if kind in PEOPLE and _HAN_NAME.fullmatch(str(body.get("name"))):
            self.values.add(str(body["name"]))
        self._members(body)

    def document(self, content: bytes) -> None:
        """One answer of the product, the mock or a simulator."""
        if content.lstrip()[:1] in {b"{", b"["}:
            with contextlib.suppress(ValueError):
                self._members(json.loads(content))

    def _simulator(self, simulator: object) -> None:
        """What it calls the personas, if it calls them anything."""
        for name in ("open_id_of", "user_id_of"):
            name_of = getattr(simulator, name, None)
            if not callable(name_of):
                continue
            for key in PERSONAS:
                with contextlib.suppress(LookupError):
                    self._id(str(name_of(key)))

    def folder(self, path: Path) -> None:
        """Of a mock, or of anything that keeps its keys as one does: its keys, and what the
        simulators in its own process have given out."""
        for file in files_below(path):
            if file.name == _KEYS_FILE:
                self._keys_file(file)
            elif file.match("far-side/*.sqlite3"):
                for kind, key, body in _facts_in(file):
                    self.fact(kind, key, body)

    def world(self, world: World) -> None:
        """One in this process, whose simulators are watched: its keys, and what they call the
        personas. Its folder is large, and is not searched after each test."""
        self._keys_file(world.folder.path / _KEYS_FILE)
        for part in vars(world).values():
            self._simulator(part)

    def _keys_file(self, file: Path) -> None:
        if file not in self._files:
            self._files.add(file)
            self._keys(json.loads(file.read_text()))

    def _keys(self, keys: Mapping[str, str]) -> None:
        for name, text in keys.items():
            if _SECRET_NAME.fullmatch(name) and "PUBLIC" not in name:
                for part in re.split(r"[:,]", text):
                    self._secret(part)

    def _members(self, document: object) -> None:
        """Each text below a member of such a name, and all that is told to nobody."""
        # Every answer of every test comes through here: a loop takes half as long as recursion.
        waiting: list[tuple[object, bool, bool]] = [(document, False, False)]
        while waiting:
            value, named, telling = waiting.pop()
            if isinstance(value, str):
                if named or telling:
                    self._id(value)
                if value.startswith("{"):
                    # Some peers put a document into a document as text.
                    with contextlib.suppress(ValueError):
                        waiting.append((json.loads(value), named, telling))
            elif isinstance(value, dict):
                waiting += [
                    (content, _is_member(name), telling or name in TELLING)
                    for name, content in value.items()
                ]
            elif isinstance(value, list):
                waiting += [(content, named, telling) for content in value]

    def _id(self, text: str) -> None:
        if len(text) >= ID_CHARACTERS_MIN:
            self.values.update(_lines(text))

    def _secret(self, text: str) -> None:
        if len(text) < SECRET_CHARACTERS_MIN or len(set(text)) < SECRET_CHARACTERS_MIN // 2:
            return
        self.values.update(_lines(text))
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return
        if len(raw) in {16, 24, 32, 64}:
            self.values |= {raw.hex(), repr(raw)[2:-1]}


def files_below(folder: Path) -> Iterator[Path]:
    """In the folder of a process that may be running: folders may vanish while they are read."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


@functools.cache
def _is_member(name: str) -> bool:
    return name.replace("_", "").lower() in MEMBERS


def _lines(text: str) -> Iterator[str]:
    """A key of many lines is shown by any of them."""
    if "\n" not in text:
        yield text
    for line in text.splitlines()[:-1]:
        if len(line) >= SECRET_CHARACTERS_MIN and not line.startswith("-----"):
            yield line


def _facts_in(file: Path) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Of a simulator in another process, which may be writing."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT kind, key, body FROM fact").fetchall()
    except sqlite3.Error:
        return []
    return [(kind, key, json.loads(body)) for kind, key, body in rows]
