"""Links to files: made by us only, for one file, for a short while."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from kit.clock import ShiftableClock
from kit.ids import new_id
from kit.secrets import KeyRing
from miniprogram_api.drafts.links import LIFE_S, FileLinks

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)


def parts(url: str) -> tuple[str, int, str]:
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path.rpartition("/")[2], int(query["expires"][0]), query["signature"][0]


def test_a_link_is_genuine_for_its_file_and_its_end_only():
    links = FileLinks(RING, ShiftableClock())
    file_id = new_id()
    named, expires, signature = parts(links.url(file_id))
    assert named == file_id
    assert links.genuine(file_id, expires, signature)
    assert not links.genuine(new_id(), expires, signature)
    assert not links.genuine(file_id, expires + 1, signature)
    assert not links.genuine(file_id, expires, "")
    assert not links.genuine(file_id, expires, "é")
    assert not FileLinks(KeyRing({"k1": b"1" * 32}, "k1", b"j" * 32), ShiftableClock()).genuine(
        file_id, expires, signature
    )


def test_a_link_lives_between_one_and_two_spans():
    clock = ShiftableClock()
    links = FileLinks(RING, clock)
    _, expires, _ = parts(links.url(new_id()))
    clock.advance(timedelta(seconds=LIFE_S))
    assert not links.expired(expires)
    clock.advance(timedelta(seconds=LIFE_S + 1))
    assert links.expired(expires)


def test_links_of_one_span_are_equal():
    clock = ShiftableClock()
    links = FileLinks(RING, clock)
    file_id, first, span = new_id(), links.url, links.span()
    url = first(file_id)
    while links.span() == span:
        assert links.url(file_id) == url
        clock.advance(timedelta(seconds=100))
    assert links.url(file_id) != url
