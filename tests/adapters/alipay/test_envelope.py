"""The signed part of an answer is found exactly, whatever the answer looks like."""

import json
import random
from typing import Any

import alipay  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alipay.envelope import Unreadable, open_envelope
from adapters.alipay.simulator.odd_json import OddWriter

METHOD = "alipay.system.oauth.token"
NAME = "alipay_system_oauth_token_response"

# Braces, quotes, escapes and what people write; no lone surrogates, which no encoding carries.
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from('{}[]":,\\/ \n\t\x00张é🀄'), st.characters(exclude_categories=["Cs"])
    ),
    max_size=12,
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
CONTENTS = st.dictionaries(TEXTS, VALUES, max_size=5)


class TestAnyAnswer:
    @given(content=CONTENTS, seed=st.integers(0, 2**32), sn=st.booleans(), is_error=st.booleans())
    def test_the_signed_part_is_what_was_written(
        self, content: dict[str, Any], seed: int, sn: bool, is_error: bool
    ) -> None:
        writer = OddWriter(random.Random(seed))
        written = writer.content(content)
        members = [("error_response" if is_error else NAME, written), ("sign", '"c2lnbg=="')]
        if sn:
            members.append(("alipay_cert_sn", '"0123abcd"'))
        opened = open_envelope(writer.answer(members).encode(), METHOD)
        assert opened.signed == written.encode()
        assert opened.content == json.loads(written)
        assert (opened.signature, opened.is_error) == ("c2lnbg==", is_error)
        assert opened.certificate_sn == ("0123abcd" if sn else "")

    @given(
        content=CONTENTS,
        ascii_only=st.booleans(),
        slashes=st.booleans(),
        indent=st.sampled_from([None, 0, 2]),
    )
    def test_and_also_when_written_by_others(
        self, content: dict[str, Any], ascii_only: bool, slashes: bool, indent: int | None
    ) -> None:
        written = json.dumps(content, ensure_ascii=ascii_only, indent=indent)
        if slashes:
            written = written.replace("/", "\\/")
        body = f' {{"sign" :"s" ,\r\n"{NAME}":\t{written} }}\n'
        assert open_envelope(body.encode(), METHOD).signed == written.encode()

    @given(body=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)))
    def test_no_body_breaks_the_reader(self, body: bytes) -> None:
        with pytest.raises(Unreadable):
            open_envelope(body, METHOD)

    @given(content=CONTENTS, cut=st.integers(1, 40))
    def test_half_an_answer_is_none(self, content: dict[str, Any], cut: int) -> None:
        body = json.dumps({NAME: content, "sign": "s" * 20}).encode()
        with pytest.raises(Unreadable):
            open_envelope(body[:-cut], METHOD)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"%s"' % NAME.encode(),
        b'{"%s":{}' % NAME.encode(),
        b'{"%s":{}} x' % NAME.encode(),
        b'{"%s":{}}{"sign":"s"}' % NAME.encode(),
        b'{"%s":{},}' % NAME.encode(),
        b'{"%s" {}}' % NAME.encode(),
        b'{"%s":"sealed"}' % NAME.encode(),
        b'{"%s":[{}]}' % NAME.encode(),
        b'{"%s":{"a":NaN}}' % NAME.encode(),
        b"{1:{}}",
        b'{"alipay_other_response":{}}',
        b'{"%s":{},"error_response":{}}' % NAME.encode(),
        b'{"%s":{},"%s":{"code":"10000"}}' % (NAME.encode(), NAME.encode()),
        b'{"%s":{},"sign":"a","sign":"b"}' % NAME.encode(),
        b'\xef\xbb\xbf{"%s":{}}' % NAME.encode(),
        b'{"%s":{"a":"\xc3"}}' % NAME.encode(),
        b'{"%s":%s}' % (NAME.encode(), b"[" * 100_000),
        b'{"%s":{"a":%s}}' % (NAME.encode(), b"1" * 5000),
    ],
)
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(Unreadable):
        open_envelope(body, METHOD)


def test_a_signature_that_is_no_text_counts_as_none() -> None:
    opened = open_envelope(b'{"%s":{},"sign":7,"alipay_cert_sn":null}' % NAME.encode(), METHOD)
    assert (opened.signature, opened.certificate_sn) == ("", "")


def test_an_answer_does_not_show_itself() -> None:
    opened = open_envelope(b'{"%s":{"access_token":"t0ken"}}' % NAME.encode(), METHOD)
    assert "t0ken" not in repr(opened)


def test_a_brace_inside_a_string_ends_nothing() -> None:
    """Which the SDK gets wrong, and why its client is not used."""
    written = '{"user_name":"a}b{c","open_id":"o"}'
    body = f'{{"{NAME}":{written},"sign":"s"}}'
    assert open_envelope(body.encode(), METHOD).signed == written.encode()
    sdk = object.__new__(alipay.AliPay)
    assert sdk._get_string_to_be_signed(body, NAME) != written
