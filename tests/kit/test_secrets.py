import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.secrets import CannotDecrypt, IdNumber, KeyRing, PersonName, PhoneNumber, Secret

RING = KeyRing({"a": b"a" * 32, "b": b"b" * 32}, "b", b"i" * 32)


class TestMasked:
    @pytest.mark.parametrize("kind", [Secret, IdNumber, PhoneNumber, PersonName])
    def test_no_rendering_shows_the_value(self, kind: type[Secret]) -> None:
        value = kind("370102199003071238")
        for rendered in (str(value), repr(value), f"{value}", f"{value:>30}", f"{[value]}"):
            assert "0102199003" not in rendered

    def test_reveal_gives_the_value(self) -> None:
        assert IdNumber(" 11010519491231002x ").reveal() == "11010519491231002X"

    def test_phones_and_names_keep_what_their_owner_recognises(self) -> None:
        assert PhoneNumber("13800000001").masked() == "138****0001"
        assert PersonName("张三").masked() == "*三"

    def test_equal_values_of_different_kinds_differ(self) -> None:
        assert Secret("x") != PersonName("x")
        assert Secret("x") == Secret("x")


class TestKeyRing:
    @given(st.binary(max_size=300), st.text(max_size=40))
    def test_what_is_sealed_opens_in_its_own_context(self, plain: bytes, context: str) -> None:
        assert RING.open(RING.seal(plain, context), context) == plain

    @given(st.binary(max_size=60), st.integers(min_value=0), st.integers(1, 255))
    def test_an_altered_value_does_not_open(self, plain: bytes, place: int, flip: int) -> None:
        sealed = bytearray(RING.seal(plain, "t.c|1"))
        sealed[place % len(sealed)] ^= flip
        with pytest.raises(CannotDecrypt):
            RING.open(bytes(sealed), "t.c|1")

    def test_a_value_moved_to_another_record_does_not_open(self) -> None:
        with pytest.raises(CannotDecrypt):
            RING.open(RING.seal(b"x", "t.c|1"), "t.c|2")

    def test_values_of_an_older_key_still_open_after_rotation(self) -> None:
        older = KeyRing({"a": b"a" * 32}, "a", b"i" * 32)
        assert RING.open(older.seal(b"x", "c"), "c") == b"x"

    @pytest.mark.parametrize(
        "broken", [b"", b"\x01", b"\x05abc", b"\x01zabcdefghijklmnopqrstuvwxyz0123"]
    )
    def test_garbage_does_not_open(self, broken: bytes) -> None:
        with pytest.raises(CannotDecrypt):
            RING.open(broken, "c")

    def test_the_index_depends_on_value_purpose_and_key(self) -> None:
        other = KeyRing({"a": b"a" * 32}, "a", b"j" * 32)
        assert RING.index("v", "p") == RING.index("v", "p")
        assert len({RING.index("v", "p"), RING.index("v", "q"), other.index("v", "p")}) == 3
