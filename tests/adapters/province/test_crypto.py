"""The peer's vectors, and that nothing else opens."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.province.crypto import (
    Undecipherable,
    decrypt,
    encrypt,
    is_usable_key,
    token_signature,
)

KEY = "0123456789abcdef"
PLAIN = (
    '[{"serialNo":"8ab0a2967283edb9017283edb9c00000","state":"07",'
    '"item":"第二类医疗器械经营备案" }]'
)
SEALED = (
    "DC1suK9OI6c1rdUJSIH^jfQKykQPN^IjOE7ngpcl/6R9o0Ozhgy3vAFJ3J6QGW4x4uWBXrJdyJMyglOZVfFTrVPW5zgwRAto"
    "OgyBerIMXjzUdXwpVs10zUFzgkapqz^mpfWyhO^RL^nBenfH^WpFlw=="
)


def test_token_signature_equals_the_vector():
    assert token_signature(1714036504, "testappkey0001", "0123456789") == (
        "bfbd86766e259be098322ca9d54b6c32fc4300303030370e9ac5f11da54fa023"
    )


def test_encryption_equals_the_vector():
    assert encrypt(PLAIN, KEY) == SEALED


def test_decryption_equals_the_vector_and_ignores_line_breaks():
    broken = "\r\n".join(SEALED[i : i + 76] for i in range(0, len(SEALED), 76))
    assert decrypt(SEALED, KEY) == decrypt(broken, KEY) == PLAIN


@given(st.text())
def test_what_was_encrypted_is_read_again(text: str):
    sealed = encrypt(text, KEY)
    assert "+" not in sealed
    assert decrypt(sealed, KEY) == text


@given(st.text(max_size=60))
def test_any_other_text_is_undecipherable_or_not_the_plain_text(text: str):
    with suppress(Undecipherable):
        assert decrypt(text, KEY) != PLAIN


@pytest.mark.parametrize(
    "sealed", ["", "A", "AAAA", SEALED[:-8], "é" * 24, SEALED.replace("^", "-"), SEALED + "===="]
)
def test_cut_or_foreign_text_is_undecipherable(sealed: str):
    with pytest.raises(Undecipherable):
        decrypt(sealed, KEY)


def test_text_of_another_key_is_undecipherable():
    with pytest.raises(Undecipherable):
        decrypt(SEALED, "fedcba9876543210")


def test_only_sixteen_ascii_characters_are_a_key():
    assert is_usable_key(KEY)
    assert not is_usable_key(KEY[:-1])
    assert not is_usable_key("密" * 16)
