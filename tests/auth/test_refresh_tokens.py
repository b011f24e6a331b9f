"""Refresh tokens: only we make them, and each has one successor."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from auth.refresh_tokens import RefreshTokens
from kit.ids import new_id
from kit.secrets import KeyRing


def made_with(index_key: bytes = b"i" * 32) -> RefreshTokens:
    return RefreshTokens(KeyRing({"k": b"k" * 32}, "k", index_key))


def test_a_token_is_read_as_it_was_made():
    tokens = made_with()
    token = tokens.first(new_id(), "seed")
    assert tokens.read(token.text) == token


def test_two_sessions_never_share_a_token():
    tokens = made_with()
    assert tokens.first(new_id(), "seed").text != tokens.first(new_id(), "seed").text


def test_the_successor_is_the_same_whenever_it_is_asked_for():
    tokens = made_with()
    token = tokens.first(new_id(), "seed")
    successor = tokens.after(token)
    assert successor == tokens.after(token)
    assert successor.generation == token.generation + 1
    assert tokens.read(successor.text) == successor
    assert tokens.after(successor) != successor


def test_a_token_of_another_ring_is_not_ours():
    assert made_with(b"j" * 32).read(made_with().first(new_id(), "seed").text) is None


@given(position=st.integers(0, 67), change=st.integers(1, 255))
def test_a_changed_token_is_not_ours(position, change):
    tokens = made_with()
    text = tokens.first(new_id(), "seed").text
    content = bytearray(base64.urlsafe_b64decode(text + "="))
    content[position] ^= change
    assert tokens.read(base64.urlsafe_b64encode(content).decode().rstrip("=")) is None


@given(st.text(max_size=120))
def test_nonsense_is_nobodys(text):
    assert made_with().read(text) is None


def test_the_stored_hash_needs_our_key():
    token = made_with().first(new_id(), "seed")
    assert made_with().index(token) != made_with(b"j" * 32).index(token)
    assert token.text not in made_with().index(token)


def test_a_token_does_not_show_itself():
    token = made_with().first(new_id(), "seed")
    assert token.text not in repr(token)
    assert token.secret.hex() not in repr(token)
