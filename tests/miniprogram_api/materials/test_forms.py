"""The one file of a form, in whatever pieces the form comes."""

import itertools
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.problems import MalformedRequest, Problem
from miniprogram_api.materials.forms import FORM_BYTES_MAX, PARTS_MAX, FileForm
from miniprogram_api.materials.problems import FileTooLarge, OneFileExpected

BOUNDARY = "------formboundary9"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(content: bytes, disposition: str) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def a_form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def a_file(content: bytes, name: str = "a.pdf") -> bytes:
    return part(content, f'name="file"; filename="{name}"')


NOTE = part(b"a note", 'name="note"')


async def read(body: bytes, cuts: Sequence[int] = ()) -> tuple[str, bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
        for start, end in itertools.pairwise(places):
            if start < end:
                yield body[start:end]

    form = FileForm(TYPE, pieces())
    return await form.name(), b"".join([piece async for piece in form.content()])


@given(
    st.binary(min_size=1, max_size=300),
    st.lists(st.integers(0, 10_000), max_size=12),
    st.sampled_from([(), (NOTE,), (NOTE, NOTE)]),
    st.sampled_from([(), (NOTE,)]),
)
async def test_it_is_the_same_file_in_whatever_pieces_it_comes(content, cuts, before, after):
    body = a_form(*before, a_file(content, "租赁合同.pdf"), *after)
    assert await read(body, cuts) == ("租赁合同.pdf", content)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (a_form(), OneFileExpected),
        (a_form(NOTE), OneFileExpected),
        (a_form(a_file(b"")), OneFileExpected),
        (a_form(a_file(b"one"), a_file(b"two")), OneFileExpected),
        (a_form(a_file(b"one"))[:-6], MalformedRequest),
        (a_file(b"never ending"), MalformedRequest),
        (a_form(*[NOTE] * (PARTS_MAX + 1), a_file(b"x")), MalformedRequest),
        (part(b"x", "x" * 100_000), MalformedRequest),
        # Without an end, in a field before the file or behind the closing boundary.
        (part(b"x" * FORM_BYTES_MAX, 'name="note"'), FileTooLarge),
        (a_form(a_file(b"one")) + b"x" * FORM_BYTES_MAX, FileTooLarge),
        (b"no form at all", MalformedRequest),
        (b"", OneFileExpected),
    ],
)
@pytest.mark.parametrize("cuts", [(), tuple(range(0, 3000, 7))])
async def test_anything_else_is_refused(body, problem, cuts):
    with pytest.raises(problem):
        await read(body, cuts)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
async def test_noise_is_refused_and_never_a_fault(noise, cuts):
    with pytest.raises(Problem):
        await read(noise, cuts)


@pytest.mark.parametrize(
    "kind",
    ["", "application/pdf", "multipart/form-data", "multipart/form-data; boundary=",
     f"multipart/form-data; boundary={'x' * 71}", "multipart/form-data; boundary=ÿÿÿÿÿÿÿÿÿ"],
)  # fmt: skip
async def test_what_does_not_say_that_it_is_a_form_is_refused(kind):
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(OneFileExpected):
        FileForm(kind, nothing())
