"""Access tokens: who can make one, and until when it counts."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from auth.problems import AccessTokenExpired, AccessTokenInvalid
from auth.tokens import LIFETIME, TOKEN_LENGTH_MAX, TokenService
from kit.clock import ShiftableClock

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32


@pytest.fixture
def clock() -> ShiftableClock:
    return ShiftableClock()


@pytest.fixture
def tokens(clock) -> TokenService:
    return TokenService({"new": NEW, "old": OLD}, clock)


def forged(clock, *, key=NEW, headers=None, without=(), **changed) -> str:
    """A token as ours, signed by ``key``, with other claims."""
    now = int(clock.now().timestamp())
    claims = {
        "iss": "palm-handling-bff",
        "aud": "mini-programs",
        "sub": "person",
        "sid": "session",
        "iat": now,
        "exp": now + 900,
    }
    claims = {k: v for k, v in {**claims, **changed}.items() if k not in without}
    signing = Ed25519PrivateKey.from_private_bytes(key)
    return jwt.encode(claims, signing, "EdDSA", headers={"kid": "new", **(headers or {})})


def part(content: object) -> str:
    encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(encoded).rstrip(b"=").decode()


def test_what_is_issued_is_verified(tokens, clock):
    claims = tokens.verify(tokens.issue("person", "session", clock.now()).text)
    assert (claims.sub, claims.sid) == ("person", "session")


def test_the_forgery_of_these_tests_is_good_but_for_what_a_test_changes(tokens, clock):
    assert tokens.verify(forged(clock)).sub == "person"


def test_equal_arguments_give_equal_tokens(tokens, clock):
    at = clock.now()
    assert tokens.issue("p", "s", at) == tokens.issue("p", "s", at)


def test_a_token_expires_by_our_clock(tokens, clock):
    token = tokens.issue("person", "session", clock.now())
    assert token.expires_in_s == LIFETIME.total_seconds() == 900
    clock.advance(LIFETIME - timedelta(seconds=2))
    tokens.verify(token.text)
    clock.advance(timedelta(seconds=3))
    with pytest.raises(AccessTokenExpired):
        tokens.verify(token.text)


def test_a_moved_clock_does_not_make_fresh_tokens_invalid(tokens, clock):
    clock.advance(timedelta(days=400))
    tokens.verify(tokens.issue("person", "session", clock.now()).text)


def test_a_retired_key_still_verifies_and_a_removed_one_does_not(clock, tokens):
    before = TokenService({"old": OLD}, clock).issue("person", "session", clock.now()).text
    assert tokens.verify(before).sub == "person"
    with pytest.raises(AccessTokenInvalid):
        TokenService({"new": NEW}, clock).verify(before)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "iat", "exp"])
def test_every_claim_is_needed(tokens, clock, claim):
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(forged(clock, without=(claim,)))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "operators"},
        {"iss": "somebody else"},
        {"exp": "9999999999"},
        {"exp": True},
        {"sub": 7},
        {"sid": None},
        {"iat": -1, "exp": -2},
    ],
    ids=str,
)
def test_claims_of_another_purpose_or_type_are_refused(tokens, clock, change):
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(forged(clock, **change))


def test_a_token_of_the_future_is_refused(tokens, clock):
    ahead = int(clock.now().timestamp()) + 3600
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(forged(clock, iat=ahead, exp=ahead + 900))


def test_a_foreign_key_under_our_name_is_refused(tokens, clock):
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(forged(clock, key=FOREIGN))


@pytest.mark.parametrize("kid", ["other", "", None, 7, ["new"], "a" * 500])
def test_an_unknown_key_id_is_refused(tokens, clock, kid):
    _, payload, signature = forged(clock).split(".")
    named = part({"alg": "EdDSA", "typ": "JWT", "kid": kid})
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(f"{named}.{payload}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES256", "EdDSA ", ""])
def test_another_algorithm_is_refused(tokens, clock, algorithm):
    _, payload, signature = forged(clock).split(".")
    header = part({"alg": algorithm, "typ": "JWT", "kid": "new"})
    for end in (signature, ""):
        with pytest.raises(AccessTokenInvalid):
            tokens.verify(f"{header}.{payload}.{end}")


def test_the_public_key_is_no_shared_secret(tokens, clock):
    public = tokens.jwks()["keys"][0]["x"]
    secret = base64.urlsafe_b64decode(public + "=")
    now = int(clock.now().timestamp())
    claims = {
        "iss": "palm-handling-bff", "aud": "mini-programs", "sub": "p", "sid": "s",
        "iat": now, "exp": now + 900,
    }  # fmt: skip
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(jwt.encode(claims, secret, "HS256", {"kid": "new"}))


def test_a_changed_payload_is_refused(tokens, clock):
    header, _, signature = forged(clock).split(".")
    _, other, _ = forged(clock, sub="victim").split(".")
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(f"{header}.{other}.{signature}")


def test_brackets_without_end_are_refused(tokens):
    deep = part(b"[" * 1400)
    assert len(deep) < TOKEN_LENGTH_MAX
    with pytest.raises(AccessTokenInvalid):
        tokens.verify(f"{deep}.{part({})}.")


def test_an_endless_token_is_refused_unread(tokens):
    with pytest.raises(AccessTokenInvalid):
        tokens.verify("a" * (TOKEN_LENGTH_MAX + 1))


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(st.binary(max_size=40).map(part), min_size=3, max_size=3).map(".".join),
        st.lists(
            st.recursive(
                st.none() | st.integers() | st.text(max_size=5),
                lambda inner: st.dictionaries(st.sampled_from(["alg", "kid", "typ"]), inner),
                max_leaves=5,
            ).map(part),
            min_size=3,
            max_size=3,
        ).map(".".join),
    )
)
def test_nonsense_is_refused_and_nothing_else(nonsense):
    with pytest.raises(AccessTokenInvalid):
        TokenService({"new": NEW}, ShiftableClock()).verify(nonsense)


def test_published_keys_verify_our_tokens_and_show_no_secret(tokens, clock):
    published = tokens.jwks()["keys"]
    assert [key["kid"] for key in published] == ["new", "old"]
    assert all("d" not in key for key in published)
    text = tokens.issue("person", "session", clock.now()).text
    key = jwt.PyJWK(published[0])
    assert jwt.decode(text, key, ["EdDSA"], audience="mini-programs")["sub"] == "person"


def test_without_a_key_nothing_starts(clock):
    with pytest.raises(ValueError, match="key"):
        TokenService({}, clock)
