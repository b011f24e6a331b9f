"""The documents can be found: the index names each, decisions are numbered, no link is dead."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#|mailto:|/)([^)#\s]+)")


def links(text: str) -> set[str]:
    """The relative links of a Markdown text, without their anchors."""
    return set(_LINK.findall(text))


def unlisted(docs: Path) -> set[str]:
    """Documents that the index does not link."""
    listed = {(docs / link).resolve() for link in links((docs / "index.md").read_text("utf-8"))}
    return {
        path.relative_to(docs).as_posix()
        for path in docs.rglob("*.md")
        if path.name != "index.md" and path.resolve() not in listed
    }


def misnumbered(decisions: Path) -> list[str]:
    """Decision records that are not the next number, or do not carry it in their title."""
    wrong = []
    for expected, path in enumerate(sorted(decisions.glob("*.md")), 1):
        title = path.read_text("utf-8").partition("\n")[0]
        named = re.fullmatch(rf"{expected:04d}-[a-z0-9-]+\.md", path.name)
        if named is None or not re.match(rf"# 0*{expected}\b", title):
            wrong.append(path.name)
    return wrong


def test_the_index_lists_every_document():
    assert unlisted(DOCS) == set()


def test_every_decision_is_numbered():
    assert misnumbered(DOCS / "decisions") == []


def test_no_document_has_a_dead_link():
    root = DOCS.parent
    texts = [*DOCS.rglob("*.md"), *root.glob("*.md"), *(root / "docker").glob("*.md")]
    dead = [
        f"{path.relative_to(root)} -> {link}"
        for path in texts
        for link in links(path.read_text("utf-8"))
        if not (path.parent / link).exists()
    ]
    assert not dead, "\n".join(dead)


def test_a_document_missing_from_the_index_is_seen(tmp_path: Path):
    (tmp_path / "index.md").write_text("[one](one.md#part), [out](https://example.org/two.md)")
    (tmp_path / "one.md").touch()
    (tmp_path / "two.md").touch()
    assert unlisted(tmp_path) == {"two.md"}


def test_a_gap_in_the_numbers_is_seen(tmp_path: Path):
    (tmp_path / "0001-first.md").write_text("# 1. First\n")
    (tmp_path / "0003-third.md").write_text("# 3. Third\n")
    assert misnumbered(tmp_path) == ["0003-third.md"]


def test_a_title_without_its_number_is_seen(tmp_path: Path):
    (tmp_path / "0001-first.md").write_text("# First\n")
    assert misnumbered(tmp_path) == ["0001-first.md"]
