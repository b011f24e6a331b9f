"""Serials as Alipay counts them, and whom we believe."""

from datetime import timedelta

import alipay  # type: ignore[import-untyped]
import pytest
from cryptography import x509

from adapters.alipay.certificates import (
    anchors_of,
    chains_to,
    read_certificates,
    read_roots,
    root_serial,
    serial,
)
from adapters.alipay.simulator.authority import (
    Authority,
    certified,
    key_pem,
    new_authority,
    new_key,
    serial_of,
)
from kit.clock import SystemClock
from tests.adapters.alipay.world import material

NOW = SystemClock().now()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority(NOW)


def a_leaf(authority: Authority) -> x509.Certificate:
    pem = certified(authority, material().app_key.public_key(), NOW)
    return x509.load_pem_x509_certificate(pem.encode())


def one(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


class TestSerials:
    def test_the_sdk_counts_a_certificates_serial_as_we_do(self) -> None:
        for pem in (material().certificates.app, material().certificates.alipay):
            with pytest.deprecated_call():  # pyOpenSSL warns of what the SDK rests on
                theirs = alipay.DCAliPay.get_cert_sn(pem)
            assert serial(read_certificates(pem)[0]) == theirs == serial_of(pem)

    def test_the_sdk_counts_the_roots_serial_as_we_do(self) -> None:
        roots = material().certificates.roots
        blocks = "\n\n".join(roots.replace("-----\n-----", "-----\n\n-----").split("\n\n"))
        with pytest.deprecated_call():
            theirs = alipay.DCAliPay.get_root_cert_sn(blocks)
        assert root_serial(read_roots(roots)) == theirs

    def test_several_rsa_roots_are_joined_in_their_order(self, authority: Authority) -> None:
        other = new_authority(NOW)
        both = read_roots(authority.root_file + other.root_file)
        assert root_serial(both) == f"{serial_of(authority.root)}_{serial_of(other.root)}"

    def test_a_root_that_cannot_be_read_is_passed_over(self, authority: Authority) -> None:
        """The first of the file is written as one of the sandbox's is."""
        with pytest.raises(ValueError, match=r"parsing|ParseError"):
            read_certificates(authority.root_file)
        assert len(read_roots(authority.root_file)) == 2
        with pytest.raises(ValueError, match="no RSA root"):
            read_roots(authority.root_file.replace(authority.root, ""))

    @pytest.mark.parametrize("ends", ["\n", "\r\n"])
    def test_line_ends_do_not_change_a_serial(self, authority: Authority, ends: str) -> None:
        text = authority.root_file.replace("\n", ends)
        assert root_serial(read_roots(text)) == serial_of(authority.root)

    def test_a_file_may_begin_with_words(self) -> None:
        text = f"Bag Attributes\n  subject=x\n{material().certificates.app}"
        assert len(read_certificates(text)) == 1


class TestChains:
    def test_the_root_vouches_through_the_issuing_one(self, authority: Authority) -> None:
        leaf, issuing = a_leaf(authority), one(authority.issuing)
        roots = read_roots(authority.root_file)
        assert chains_to(leaf, [issuing], roots, NOW)
        assert chains_to(leaf, [], [issuing], NOW)
        assert not chains_to(leaf, [], roots, NOW)

    def test_an_authority_of_the_same_names_is_another_one(self, authority: Authority) -> None:
        forger = new_authority(NOW)
        leaf = a_leaf(forger)
        assert one(forger.issuing).subject == one(authority.issuing).subject
        between = [one(forger.issuing), one(authority.issuing), one(forger.root)]
        assert not chains_to(leaf, between, read_roots(authority.root_file), NOW)

    def test_a_merchants_certificate_vouches_for_nobody(self, authority: Authority) -> None:
        """It comes from the same authority, and its holder has the key to sign others with."""
        merchant = new_key()
        holder = certified(authority, merchant.public_key(), NOW, organisation="某商户")
        as_authority = Authority("", holder, key_pem(merchant), "")
        leaf = a_leaf(as_authority)
        between = [one(holder), one(authority.issuing)]
        roots = read_roots(authority.root_file)
        assert not chains_to(leaf, between, roots, NOW)
        assert chains_to(leaf, [], [one(holder)], NOW)  # Only because it says so itself.

    @pytest.mark.parametrize("days", [-2, 6 * 365])
    def test_what_is_not_valid_at_the_hour_is_not_believed(
        self, authority: Authority, days: int
    ) -> None:
        leaf, issuing = a_leaf(authority), one(authority.issuing)
        roots = read_roots(authority.root_file)
        at = NOW + timedelta(days=days)
        assert not chains_to(leaf, [issuing], roots, at)
        assert chains_to(leaf, [issuing], roots, None)

    def test_an_expired_root_vouches_for_nobody(self, authority: Authority) -> None:
        leaf = certified(
            authority, material().app_key.public_key(), NOW, life=timedelta(days=40 * 365)
        )
        roots = read_roots(authority.root_file)
        at = NOW + timedelta(days=21 * 365)
        assert not chains_to(one(leaf), [one(authority.issuing)], roots, at)

    def test_only_what_a_root_vouches_for_becomes_an_anchor(self, authority: Authority) -> None:
        roots, forger = read_roots(authority.root_file), new_authority(NOW)
        configured = [one(authority.issuing), one(forger.issuing)]
        assert anchors_of(roots, configured) == [*roots, one(authority.issuing)]

    def test_a_chain_in_a_ring_ends(self, authority: Authority) -> None:
        issuing = one(authority.root)
        assert not chains_to(issuing, [issuing] * 3, [a_leaf(new_authority(NOW))], NOW)
