"""Which keys we believe to be Alipay's: the one key of key mode, or certificates, which change.

Alipay replaces its certificate without asking. An answer then names a serial that we do not know;
the certificate can be had from the gateway and is believed only if the configured roots vouch for
it.
"""

from collections.abc import Mapping
from typing import Protocol

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.alipay.certificates import (
    anchors_of,
    chains_to,
    is_valid,
    organisation,
    public_key,
    read_certificates,
    read_roots,
    root_serial,
    serial,
)
from adapters.alipay.settings import AlipaySettings
from adapters.alipay.signing import are_a_pair, read_private_key, read_public_key, verifies
from kit.clock import Clock

log = structlog.get_logger("adapters.alipay")

LEARNT_MAX = 8
"""Certificates kept beside the configured one; a change comes about once in years."""


class NotTrusted(Exception):
    """``args[0]`` says in a word why a certificate is not believed."""


class AlipayTrust(Protocol):
    """One for a process, shared by the client, which learns new certificates, and by the callbacks,
    which cannot ask the network. A serial is empty where nothing was said, and in key mode."""

    @property
    def request_parameters(self) -> Mapping[str, str]:
        """What certificate mode adds to every request."""
        ...

    def knows(self, certificate_sn: str) -> bool:
        """Whether a signature under this serial can be judged without asking the gateway."""
        ...

    def verifies(self, signed: bytes, signature: str, certificate_sn: str) -> bool: ...

    def verifies_by_any(self, signed: bytes, signature: str) -> bool:
        """For what does not say which certificate signed it."""
        ...

    def learn(self, certificate_sn: str, pem: str) -> None:
        """Believe this certificate from now on, or raise :class:`NotTrusted`."""
        ...


def alipay_trust(settings: AlipaySettings, clock: Clock) -> AlipayTrust:
    """As the settings say, key mode or certificate mode."""
    return CertificateTrust(settings, clock) if settings.uses_certificates else KeyTrust(settings)


class KeyTrust:
    """Key mode: one key, for ever."""

    request_parameters: Mapping[str, str] = {}

    def __init__(self, settings: AlipaySettings) -> None:
        self._key = read_public_key(settings.alipay_public_key)

    def knows(self, certificate_sn: str) -> bool:
        return True

    def verifies(self, signed: bytes, signature: str, certificate_sn: str) -> bool:
        return verifies(signed, signature, self._key)

    def verifies_by_any(self, signed: bytes, signature: str) -> bool:
        return verifies(signed, signature, self._key)

    def learn(self, certificate_sn: str, pem: str) -> None:
        raise NotTrusted("key_mode")


class CertificateTrust:
    """Certificate mode: the configured certificate, and what was learnt since the start."""

    def __init__(self, settings: AlipaySettings, clock: Clock) -> None:
        self._clock = clock
        self._own_key = read_private_key(settings.private_key, is_checked=True)
        roots = read_roots(settings.root_certificates)
        self._configured, *between = read_certificates(settings.alipay_certificate)
        self._configured_sn = serial(self._configured)
        self._anchors = anchors_of(roots, between)
        self._learnt: dict[str, x509.Certificate] = {}
        self._parameters = {
            "app_cert_sn": serial(read_certificates(settings.app_certificate)[0]),
            "alipay_root_cert_sn": root_serial(roots),
        }

    @property
    def request_parameters(self) -> Mapping[str, str]:
        return self._parameters

    def knows(self, certificate_sn: str) -> bool:
        return self._key(certificate_sn) is not None

    def verifies(self, signed: bytes, signature: str, certificate_sn: str) -> bool:
        key = self._key(certificate_sn)
        return key is not None and verifies(signed, signature, key)

    def verifies_by_any(self, signed: bytes, signature: str) -> bool:
        return any(self.verifies(signed, signature, each) for each in ("", *self._learnt))

    def learn(self, certificate_sn: str, pem: str) -> None:
        """It must have that serial, lead to the roots at this hour, and be of the same organisation
        as the configured one, because the same authority certifies every merchant's key too. (That
        the organisation stays the same over a change is inferred; confidence: middling.)"""
        try:
            certificate, *between = read_certificates(pem)
            key = public_key(certificate)
        except ValueError:
            raise NotTrusted("unreadable") from None
        if serial(certificate) != certificate_sn:
            raise NotTrusted("another_serial")
        if not chains_to(certificate, between, self._anchors, self._clock.now()):
            raise NotTrusted("not_of_the_root")
        if organisation(certificate) != organisation(self._configured):
            raise NotTrusted("another_organisation")
        if are_a_pair(self._own_key, key):
            raise NotTrusted("our_own")
        while len(self._learnt) >= LEARNT_MAX:
            self._learnt.pop(next(iter(self._learnt)))
        self._learnt[certificate_sn] = certificate
        log.warning("alipay_certificate_learnt", serial=certificate_sn)

    def _key(self, certificate_sn: str) -> rsa.RSAPublicKey | None:
        """None also for a certificate whose time is over, or has not come."""
        configured = certificate_sn in {"", self._configured_sn}
        certificate = self._configured if configured else self._learnt.get(certificate_sn)
        if certificate is None or not is_valid(certificate, self._clock.now()):
            return None
        return public_key(certificate)
