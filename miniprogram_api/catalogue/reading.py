"""Reads data files strictly and names every fault: file, place, line and rule."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

from miniprogram_api.catalogue.files import Files

T = TypeVar("T")
Place = tuple[str | int, ...]

# Stands in a place for the key of a mapping, which msgspec does not tell.
_UNTOLD = "..."


class Fault(NamedTuple):
    file: str
    place: str
    line: int | None
    rule: str

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}: {self.place or 'the file'}: {self.rule}"


class CatalogueFaulty(Exception):
    """The data must not be served; ``faults`` lists all that was found, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class _StrictLoader(yaml.CSafeLoader):
    """YAML lets a later key silently replace an earlier one; here that is a fault. So is a 31st of
    June, for which the library has no error of its own."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, "no such value", node.start_mark
            ) from error

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        mapping: dict[Hashable, object] = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            seen: set[object] = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"`{key.value}` is written twice", key.start_mark
                    )
                seen.add(key.value)
        return mapping


Parsed = Mapping[tuple[str, bytes], Any]
"""What files were found to say, by name and SHA-256: never changed, and shared by all versions that
have the very same file, so that a second version costs what is different in it."""


class FolderReader:
    """Reads a set of files, gathers faults, and hashes all that was read."""

    def __init__(self, files: Files, parsed: Parsed | None = None) -> None:
        """``parsed``: what an earlier reader found, for the files that are the same."""
        self._files = files
        self._known = parsed or {}
        self.parsed: dict[tuple[str, bytes], Any] = {}
        self.texts: dict[str, bytes] = {}
        self.faults: list[Fault] = []

    def content_hash(self) -> str:
        """Eight hex digits over names and bytes of all files read so far."""
        digest = hashlib.sha256()
        for name in sorted(self.texts):
            digest.update(name.encode() + b"\0" + self.texts[name] + b"\0")
        return digest.hexdigest()[:8]

    def names(self, folder: str, suffix: str = ".yaml") -> list[str]:
        """All files of a folder and of those inside it."""
        return self._files.names(folder, suffix)

    def bytes_of(self, name: str) -> bytes | None:
        if name not in self.texts:
            try:
                self.texts[name] = self._files.read(name)
            except OSError:
                self.faults.append(Fault(name, "", None, "cannot be read"))
                return None
        return self.texts[name]

    def json(self, name: str, kind: type[T]) -> T | None:
        return self._once(name, lambda: self._json(name, kind))

    def one(self, name: str, kind: type[T]) -> T | None:
        """A file that is one object."""
        return self._once(name, lambda: self._one(name, kind))

    def mapping(self, name: str, kind: type[T]) -> dict[str, T]:
        """A file that maps codes to objects; each is converted alone, so that all faults show."""
        return self._once(name, lambda: self._mapping(name, kind))

    def sequence(self, name: str, kind: type[T]) -> list[T]:
        return self._once(name, lambda: self._sequence(name, kind))

    def _once(self, name: str, parse: Callable[[], T]) -> T:
        """As it was found before, if it was without fault."""
        text = self.bytes_of(name)
        key = (name, hashlib.sha256(text or b"").digest())
        if key in self._known:
            self.parsed[key] = self._known[key]
            found: T = self._known[key]
            return found
        faults = len(self.faults)
        parsed = parse()
        if len(self.faults) == faults:
            self.parsed[key] = parsed
        return parsed

    def _json(self, name: str, kind: type[T]) -> T | None:
        text = self.texts.get(name)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            rule, place = _rule_and_place(str(error))
            self.fault(name, place, rule)
            return None

    def _one(self, name: str, kind: type[T]) -> T | None:
        content = self._yaml(name)
        return None if content is None else self._convert(name, (), content, kind)

    def _mapping(self, name: str, kind: type[T]) -> dict[str, T]:
        content = self._yaml(name)
        if content is None:
            return {}
        if not isinstance(content, dict):
            self.fault(name, (), "must map codes to entries")
            return {}
        return self._each(name, content.items(), kind)

    def _sequence(self, name: str, kind: type[T]) -> list[T]:
        content = self._yaml(name)
        if content is None:
            return []
        if not isinstance(content, list):
            self.fault(name, (), "must be a list")
            return []
        return list(self._each(name, enumerate(content), kind).values())

    def fault(self, name: str, place: Place, rule: str) -> None:
        self.faults.append(Fault(name, _written(place), self._line(name, place), rule))

    def raise_if_faulty(self) -> None:
        if self.faults:
            raise CatalogueFaulty(self.faults)

    def _each(
        self, name: str, entries: Iterable[tuple[str | int, object]], kind: type[T]
    ) -> dict[str, T]:
        converted: dict[str, T] = {}
        for key, content in entries:
            entry = self._convert(name, (key,), content, kind)
            if entry is not None:
                converted[str(key)] = entry
        return converted

    def _convert(self, name: str, place: Place, content: object, kind: type[T]) -> T | None:
        try:
            return msgspec.convert(content, type=kind)
        except msgspec.ValidationError as error:
            rule, inner = _rule_and_place(str(error))
            self.fault(name, place + _with_keys(content, kind, inner), rule)
            return None

    def _yaml(self, name: str) -> object:
        text = self.texts.get(name)
        if text is None:
            return None
        try:
            content: object = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader
            if content is None:
                self.faults.append(Fault(name, "", None, "is empty"))
            return content
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = None if mark is None else mark.line + 1
            self.faults.append(Fault(name, "", line, error.problem or "is not YAML"))
            return None
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
            self.faults.append(Fault(name, "", None, "is not YAML"))
            return None

    def _line(self, name: str, place: Place) -> int | None:
        """The line of the deepest part of ``place`` that exists; only worked out for a fault."""
        if not name.endswith(".yaml") or name not in self.texts:
            return None
        node = yaml.compose(self.texts[name], Loader=yaml.CSafeLoader)
        line = None
        for part in place:
            found = _child(node, part)
            if found is None:
                break
            node, line = found
        return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None


def _rule_and_place(message: str) -> tuple[str, Place]:
    """msgspec writes "rule - at `$.columns[...].type`"; the key of a mapping is not told."""
    rule, _, path = message.partition(" - at `")
    parts: list[str | int] = []
    # Of a refused key it says "`key` in `$.columns`": the mapping is the place.
    inside = path.rstrip("`").rpartition("$")[2]
    for part in inside.replace("[", ".[").split("."):
        inner = part.strip("[]")
        if inner:
            parts.append(int(inner) if inner.isdigit() else inner)
        elif part.startswith("["):
            parts.append(_UNTOLD)
    return rule, tuple(parts)


def _with_keys(content: object, kind: type[T], place: Place) -> Place:
    """Put the keys in that msgspec does not tell: the one whose entry alone is refused just so."""
    while _UNTOLD in place:
        before = place[: place.index(_UNTOLD)]
        for key in _at(content, before):
            alone = _reduced(content, before, key)
            try:
                msgspec.convert(alone, type=kind)
            except msgspec.ValidationError as error:
                if _rule_and_place(str(error))[1] == place:
                    content, place = alone, (*before, key, *place[len(before) + 1 :])
                    break
        else:
            # A key itself is refused.
            return before
    return place


def _at(content: object, place: Place) -> dict[str, object]:
    for part in place:
        if isinstance(content, dict):
            content = content[part]
        elif isinstance(content, list):
            content = content[int(part)]
    return content if isinstance(content, dict) else {}


def _reduced(content: object, place: Place, key: str) -> object:
    """The same content with nothing but ``key`` in the mapping at ``place``."""
    if not place and isinstance(content, dict):
        return {key: content[key]}
    if isinstance(content, dict):
        return {**content, place[0]: _reduced(content[place[0]], place[1:], key)}
    if isinstance(content, list):
        first = place[0]
        return [
            _reduced(entry, place[1:], key) if number == first else entry
            for number, entry in enumerate(content)
        ]
    return content


def _written(place: Place) -> str:
    return ".".join(str(part) for part in place)
