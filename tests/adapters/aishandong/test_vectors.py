"""The known values of the platform's signs and ciphers."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import (
    generate_private_key as generate_elliptic_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.aishandong.dialect import Service
from adapters.aishandong.dialect_a import old_open, old_seal, old_sign
from adapters.aishandong.gateway_documents import question
from adapters.aishandong.rsa import rsa_open, rsa_private_key, rsa_seal
from adapters.gm import CannotDecrypt
from kit.secrets import Secret
from tests.adapters.aishandong.world import rsa_key, rsa_pem

WORD = "testword00000001"
PLAIN = (
    '{"uuid":"00000000-test","loginname":"test","name":"张三","cardid":"370102199003071238",'
    '"mobile":"13800000000","authlevel":"3"}'
)
SEALED = (
    "f89dcc91d52b57fe877d38d47b32e12da247a8cff827a9842273c25882cfc7664e6bc5d85837121eb34ba97bb79f51"
    "31cac4d37a08b395b26c03e13f5d66ccd7412c9e859c07914aac54f699d0f0193be735f4da75e8e95377b8f20c975e"
    "9895af450d736ca812a3dbfe9867641f76beddde6a616d7f2fb4039f0a5995e99e361b2156751136d71206be30f2aa"
    "bca66b"
)


def test_the_old_sign() -> None:
    assert old_sign("testmark", WORD, "20240425171504") == "dd20a35ebe21faad880c69418196c5dd"


def test_the_old_cipher_both_ways() -> None:
    assert old_seal(PLAIN, WORD) == SEALED
    assert old_open(SEALED, WORD).decode() == PLAIN
    assert json.loads(old_open(SEALED.upper(), WORD))["name"] == "张三"


@pytest.mark.parametrize("sealed", ["", "zz", SEALED[:-2], SEALED[:-32], SEALED[:-2] + "00", "密"])
def test_what_the_old_cipher_cannot_open_is_said_so(sealed: str) -> None:
    with pytest.raises(CannotDecrypt):
        old_open(sealed, WORD)


def test_the_document_that_the_generic_gateways_sign_is_known_for() -> None:
    made = question("app0001", Service.TICKET, {"ticket": "T-1"})
    text = json.dumps(made, separators=(",", ":"))
    assert text == '{"appMark":"app0001","params":"{\\"ticket\\":\\"T-1\\"}"}'


def test_the_document_of_the_company_list_is_of_another_make() -> None:
    made = question("app0001", Service.COMPANIES, {"token": "K", "pageindex": "1", "pagenum": "5"})
    assert made == {
        "app_id": "app0001",
        "servicename": "findCorporationByToken",
        "params": '{"token":"K","pageindex":"1","pagenum":"5"}',
    }


class TestRSA:
    @pytest.mark.parametrize("length", [1, 245, 246, 3000])
    def test_documents_of_any_length_come_back(self, length: int) -> None:
        plain = b"0123456789" * 300
        sealed = rsa_seal(plain[:length], rsa_key().public_key())
        assert rsa_open(sealed, rsa_key()) == plain[:length]
        broken_into_lines = "\r\n".join(sealed[at : at + 76] for at in range(0, len(sealed), 76))
        assert rsa_open(broken_into_lines, rsa_key()) == plain[:length]

    def test_a_key_is_read_from_pem_and_from_javas_base64(self) -> None:
        pem = rsa_pem().reveal()
        bare = "".join(pem.splitlines()[1:-1])
        for text in (pem, f"\n{pem}", bare):
            key = rsa_private_key(Secret(text))
            assert key.private_numbers() == rsa_key().private_numbers()

    @pytest.mark.parametrize("text", ["", "no", "-----BEGIN", "AAAA", "密"])
    def test_what_is_no_key_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="RSA"):
            rsa_private_key(Secret(text))

    def test_a_key_of_another_kind_is_refused(self) -> None:
        elliptic = generate_elliptic_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        with pytest.raises(ValueError, match="not an RSA key"):
            rsa_private_key(Secret(elliptic.decode()))

    @pytest.mark.parametrize("sealed", ["", "AAAA", "no!", "密", "AAAA" * 100])
    def test_what_has_not_the_form_is_refused(self, sealed: str) -> None:
        with pytest.raises(CannotDecrypt):
            rsa_open(sealed, rsa_key())
