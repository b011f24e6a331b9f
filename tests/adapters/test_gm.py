"""SM2 for whole documents, against the standard's example, another library and OpenSSL's output."""

import asyncio
import base64
import hashlib

import gmalg  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.gm import (
    _CURVE,
    DOCUMENT_BYTES_MAX,
    CannotDecrypt,
    SM2Cipher,
    SM2Form,
    SM2PrivateKey,
    SM2PublicKey,
    _sealed_with,
    hmac_sm3_hex,
    new_key_pair,
    sm3_hex,
)
from kit.secrets import Secret

# GB/T 32918.5-2017, annex C: encryption on the recommended curve.
PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
EPHEMERAL = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
MESSAGE = b"encryption standard"
C1 = (
    "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
)
C2 = "21886ca989ca9c7d58087307ca93092d651efa"
C3 = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"

# Made by OpenSSL 3.0.19 (pkeyutl -encrypt) under the same key, taken out of its DER.
BY_OPENSSL = (
    "e5a1fab961ae827c1c4e66b4006c8e7bf43352169bdb61f8eb56b90575352eb9"
    "840e4933403ea447f2fb798d66adc04c8ccae7b6678f98caf542311d29466f57"
    "43c904f303aab5dd05d266ec6f72fcd6ee9fa6ad5d4c97aaac06b64585d46973"
    "cfc43e681cde2478bf5ec5f8c13ff3a1a559926e7af05cb0a44a426609127b2fdad547678f51042c84"
)

BARE = SM2Form(prefixed=False)
PRIVATE_KEY = SM2PrivateKey(Secret(PRIVATE))
PUBLIC_KEY = SM2PublicKey(PUBLIC)
FORMS = [
    SM2Form(order, prefixed, encoding)
    for order in ("C1C3C2", "C1C2C3")
    for prefixed in (True, False)
    for encoding in ("hex", "HEX", "base64")
]


class TestTheStandardsExample:
    def test_the_public_key(self) -> None:
        assert PRIVATE_KEY.public_key() == "04" + PUBLIC

    def test_the_three_parts_of_a_cipher_text(self) -> None:
        parts = _sealed_with(EPHEMERAL, PUBLIC_KEY._point, MESSAGE)
        assert parts is not None
        assert [part.hex() for part in parts] == [C1, C2, C3]

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            (SM2Form("C1C3C2", prefixed=True), "04" + C1 + C3 + C2),
            (SM2Form("C1C2C3", prefixed=True), "04" + C1 + C2 + C3),
            # Its C1 begins with 04 by itself: dropping "the" prefix would spoil it.
            (SM2Form("C1C3C2", prefixed=False), C1 + C3 + C2),
            (SM2Form("C1C2C3", prefixed=False), (C1 + C2 + C3).upper()),
        ],
    )
    def test_it_is_opened_in_every_order_with_and_without_prefix(
        self, form: SM2Form, text: str
    ) -> None:
        assert PRIVATE_KEY.decrypt(text, form) == MESSAGE
        raw = base64.b64encode(bytes.fromhex(text)).decode()
        lines = "\r\n".join(raw[at : at + 76] for at in range(0, len(raw), 76))
        form = SM2Form(form.order, form.prefixed, "base64")
        assert PRIVATE_KEY.decrypt(raw, form) == MESSAGE
        assert PRIVATE_KEY.decrypt(lines, form) == MESSAGE

    def test_sm3(self) -> None:
        # GB/T 32905-2016, annex A.
        assert sm3_hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        assert sm3_hex(b"abcd" * 16) == (
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        )


class TestOthers:
    def test_what_openssl_made_is_opened(self) -> None:
        assert (
            PRIVATE_KEY.decrypt(BY_OPENSSL, BARE).decode() == "由另一个库加密 encrypted elsewhere"
        )

    def test_gmalg_opens_ours_and_we_open_gmalgs(self) -> None:
        # Its own random numbers, derivation, SM3 and layout (04, C1, C3, C2); only the curve's
        # arithmetic is shared.
        plain = '{"name": "张三"}'.encode() * 20
        theirs = gmalg.SM2(sk=bytes.fromhex(PRIVATE))
        assert PRIVATE_KEY.decrypt(theirs.encrypt(plain).hex(), SM2Form()) == plain
        assert theirs.decrypt(bytes.fromhex(PUBLIC_KEY.encrypt(plain, SM2Form()))) == plain

    @pytest.mark.parametrize("key", [b"", b"key", b"k" * 64, b"k" * 65])
    def test_hmac_is_built_on_sm3_as_rfc_2104_says(self, key: bytes) -> None:
        padded = (key if len(key) <= 64 else bytes.fromhex(sm3_hex(key))).ljust(64, b"\0")
        inner = bytes(byte ^ 0x36 for byte in padded)
        outer = bytes(byte ^ 0x5C for byte in padded)
        wanted = sm3_hex(outer + bytes.fromhex(sm3_hex(inner + b"message")))
        assert hmac_sm3_hex(key, b"message") == wanted


class TestInverses:
    @settings(max_examples=50)
    @given(number=st.integers(1, 2**300))
    def test_a_number_times_its_inverse_is_one(self, number: int) -> None:
        for field in (_CURVE.fp, _CURVE.fpn):
            inverse = field.inv(number)
            assert 0 < inverse < field.p
            assert number * inverse % field.p == 1

    def test_nothing_has_none(self) -> None:
        """As the library has it: no error, and no point of the curve comes of it."""
        assert _CURVE.fp.inv(0) == _CURVE.fp.inv(_CURVE.fp.p) == 0


class TestRoundTrips:
    @pytest.mark.parametrize("form", FORMS, ids=str)
    def test_what_is_sealed_in_a_form_is_opened_in_that_form(self, form: SM2Form) -> None:
        sealed = PUBLIC_KEY.encrypt(MESSAGE, form)
        assert PRIVATE_KEY.decrypt(sealed, form) == MESSAGE
        raw = base64.b64decode(sealed) if form.encoding == "base64" else bytes.fromhex(sealed)
        assert len(raw) == form.prefixed + 96 + len(MESSAGE)
        assert (
            sealed
            == {"hex": sealed.lower(), "HEX": sealed.upper(), "base64": sealed}[form.encoding]
        )

    @settings(max_examples=15, deadline=None)
    @given(plain=st.binary(min_size=1, max_size=4000), form=st.sampled_from(FORMS))
    def test_any_document_comes_back(self, plain: bytes, form: SM2Form) -> None:
        assert PRIVATE_KEY.decrypt(PUBLIC_KEY.encrypt(plain, form), form) == plain

    def test_a_document_far_beyond_255_bytes_comes_back(self) -> None:
        plain = b"0123456789" * 10_000
        assert PRIVATE_KEY.decrypt(PUBLIC_KEY.encrypt(plain, BARE), BARE) == plain

    def test_the_same_document_is_never_sealed_alike(self) -> None:
        assert PUBLIC_KEY.encrypt(MESSAGE, BARE)[:128] != PUBLIC_KEY.encrypt(MESSAGE, BARE)[:128]

    def test_a_fresh_pair_fits_together_and_is_another_each_time(self) -> None:
        private_key, public_key = new_key_pair()
        sealed = SM2PublicKey(public_key).encrypt(MESSAGE, BARE)
        assert SM2PrivateKey(private_key).decrypt(sealed, BARE) == MESSAGE
        assert new_key_pair()[1] != public_key
        with pytest.raises(CannotDecrypt):
            PRIVATE_KEY.decrypt(sealed, BARE)


class TestTampering:
    def test_every_flipped_byte_is_refused(self) -> None:
        raw = bytes.fromhex("04" + C1 + C3 + C2)
        refused = 0
        for at in range(len(raw)):
            damaged = raw[:at] + bytes([raw[at] ^ 0x01]) + raw[at + 1 :]
            with pytest.raises(CannotDecrypt):
                PRIVATE_KEY.decrypt(damaged.hex(), SM2Form())
            refused += 1
        assert refused == 97 + len(MESSAGE)

    @pytest.mark.parametrize("cut", [1, 19, 20, 60, 115, 116])
    def test_a_shortened_text_is_refused(self, cut: int) -> None:
        with pytest.raises(CannotDecrypt):
            PRIVATE_KEY.decrypt(("04" + C1 + C3 + C2)[: -2 * cut], SM2Form())

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            (SM2Form("C1C2C3", prefixed=True), "04" + C1 + C3 + C2),
            (SM2Form("C1C3C2", prefixed=False), "04" + C1 + C3 + C2),
            (SM2Form("C1C3C2", prefixed=True), C1 + C3 + C2),
            (SM2Form("C1C3C2", prefixed=True), BY_OPENSSL),
            (SM2Form(encoding="base64"), "04" + C1 + C3 + C2),
        ],
    )
    def test_a_text_in_another_form_is_refused_and_not_guessed_at(
        self, form: SM2Form, text: str
    ) -> None:
        with pytest.raises(CannotDecrypt):
            PRIVATE_KEY.decrypt(text, form)

    @pytest.mark.parametrize("text", ["", "04", "0", "zz" * 120, "密" * 240, "0" * 240])
    def test_what_is_no_cipher_text_is_refused(self, text: str) -> None:
        for form in FORMS:
            with pytest.raises(CannotDecrypt):
                PRIVATE_KEY.decrypt(text, form)

    def test_a_point_beside_the_curve_is_refused(self) -> None:
        # An answer computed with it would leak the private key piece by piece.
        with pytest.raises(CannotDecrypt, match="not on the curve"):
            PRIVATE_KEY.decrypt("00" * 31 + "01" + "00" * 31 + "01" + C3 + C2, BARE)

    def test_a_coordinate_above_the_fields_prime_is_refused(self) -> None:
        with pytest.raises(CannotDecrypt, match="not on the curve"):
            PRIVATE_KEY.decrypt("ff" * 32 + C1[64:] + C3 + C2, BARE)

    def test_the_size_is_bounded_both_ways(self) -> None:
        for plain in (b"", b"0" * (DOCUMENT_BYTES_MAX + 1)):
            with pytest.raises(ValueError, match="a document has"):
                PUBLIC_KEY.encrypt(plain, BARE)
        with pytest.raises(CannotDecrypt, match="too long"):
            PRIVATE_KEY.decrypt("00" * (DOCUMENT_BYTES_MAX + 500), BARE)


class TestKeys:
    @pytest.mark.parametrize("text", [PUBLIC, "04" + PUBLIC, PUBLIC.upper(), "04" + PUBLIC.upper()])
    def test_a_public_key_is_read_with_and_without_its_prefix(self, text: str) -> None:
        sealed = SM2PublicKey(text).encrypt(MESSAGE, BARE)
        assert PRIVATE_KEY.decrypt(sealed, BARE) == MESSAGE

    def test_a_public_key_whose_x_begins_with_04_keeps_it(self) -> None:
        # The example's C1 is such a point.
        assert SM2PublicKey(C1)._point == SM2PublicKey("04" + C1)._point

    @pytest.mark.parametrize("text", [PRIVATE, PRIVATE.upper(), "00" + PRIVATE])
    def test_a_private_key_is_read_with_and_without_javas_zero(self, text: str) -> None:
        assert SM2PrivateKey(Secret(text)).public_key() == "04" + PUBLIC

    @pytest.mark.parametrize(
        "text", ["", "04", PUBLIC[:-2], "05" + PUBLIC, PUBLIC[:-2] + "14", "x" * 128, PRIVATE]
    )
    def test_what_is_no_public_key_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="SM2"):
            SM2PublicKey(text)

    @pytest.mark.parametrize(
        "text", ["", "00" * 32, "ff" * 32, "01" + PRIVATE, PRIVATE[:-2], "密" * 64, PUBLIC]
    )
    def test_what_is_no_private_key_is_refused_without_showing_it(self, text: str) -> None:
        with pytest.raises(ValueError, match="SM2") as refused:
            SM2PrivateKey(Secret(text))
        assert not text or text not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__ or refused.value.__context__ is None

    def test_a_private_key_does_not_show_itself(self) -> None:
        assert PRIVATE not in repr(PRIVATE_KEY)
        assert str(PRIVATE_KEY._number) not in repr(PRIVATE_KEY)

    @pytest.mark.parametrize("wrong", [{"order": "C3C2C1"}, {"encoding": "ascii"}])
    def test_a_form_that_is_none_is_refused(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="SM2 cipher text"):
            SM2Form(**wrong)  # type: ignore[arg-type]


class TestCipher:
    async def test_two_sides_understand_each_other(self) -> None:
        (one_private, one_public), (other_private, other_public) = new_key_pair(), new_key_pair()
        one, other = SM2Cipher(one_private, other_public), SM2Cipher(other_private, one_public)
        assert await other.open(await one.seal(MESSAGE)) == MESSAGE
        with pytest.raises(CannotDecrypt):
            await one.open(await one.seal(MESSAGE))

    async def test_the_event_loop_goes_on_meanwhile(self) -> None:
        private_key, public_key = new_key_pair()
        cipher = SM2Cipher(private_key, public_key)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        sealed = await asyncio.gather(*(cipher.seal(MESSAGE) for _ in range(3)))
        ticking.cancel()
        assert len({hashlib.sha256(text.encode()).digest() for text in sealed}) == 3
        # On the loop there would be a handful: one for each step of the three.
        assert ticks > 50
