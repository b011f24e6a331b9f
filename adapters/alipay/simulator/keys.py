"""The simulated Alipay's own keys and certificates. They are facts of its file and outlive a kill,
as the real one's do; :meth:`FarSide.clear` forgets them with everything else."""

import base64
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.alipay.simulator.authority import (
    ORGANISATION,
    Authority,
    certified,
    key_pem,
    new_authority,
    new_key,
    read_key,
    serial_of,
)
from adapters.far_side import FarSide


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Who signs an answer. The serial is empty in key mode."""

    key: rsa.RSAPrivateKey
    serial: str

    def sign(self, text: bytes) -> str:
        return base64.b64encode(self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


@dataclass(frozen=True, slots=True, repr=False)
class AppCertificates:
    """The three files that an app in certificate mode gets from Alipay."""

    app: str
    alipay: str
    roots: str


class KeyOffice:
    """Facts ``key`` (key mode), ``authority``, ``certificate`` (by serial) and ``current``."""

    def __init__(self, far_side: FarSide) -> None:
        self._far = far_side
        self._read: dict[str, rsa.RSAPrivateKey] = {}

    def public_key(self) -> str:
        """支付宝公钥 of key mode, as bare base64: what the real one shows to copy."""
        return bare(self.key_signer().key.public_key())

    def key_signer(self) -> Signer:
        kept = self._far.get("key", "alipay")
        if kept is None:
            kept = {"pem": key_pem(new_key())}
            self._far.put("key", "alipay", kept)
        return Signer(self._key(kept["pem"]), "")

    def certificate_signer(self) -> Signer:
        kept = self._far.get("current", "alipay")
        serial = kept["serial"] if kept is not None else self.rotate()
        return self._signer(serial)

    def rotate(self) -> str:
        """Alipay takes a new certificate; the old ones can still be downloaded. Its serial."""
        serial = self._issued(self._authority())
        self._far.put("current", "alipay", {"serial": serial})
        return serial

    def forged(self) -> Signer:
        """A certificate of the right names by an authority of somebody's own making."""
        return self._signer(self._issued(new_authority(self._far.clock.now())))

    def expired(self) -> Signer:
        return self._signer(self._issued(self._authority(), life=-timedelta(hours=1)))

    def of_a_merchant(self) -> Signer:
        """A merchant's certificate: genuine, and not Alipay's."""
        return self._signer(self._issued(self._authority(), organisation="某商户（模拟）有限公司"))

    def certificate(self, serial: str) -> str | None:
        kept = self._far.get("certificate", serial)
        return None if kept is None else str(kept["pem"])

    def root_serial(self) -> str:
        """Of the one root in the file that is signed with RSA."""
        return serial_of(self._authority().root)

    def app_certificates(self, app_public_key: rsa.RSAPublicKey, app_id: str) -> AppCertificates:
        """What Alipay gives to an app that hands in this key."""
        authority = self._authority()
        app = certified(
            authority,
            app_public_key,
            self._far.clock.now(),
            organisation="本应用（模拟）",
            common_name=f"2088000000000002-{app_id}",
        )
        alipay = self.certificate(self.certificate_signer().serial) or ""
        return AppCertificates(app, alipay, authority.root_file)

    def _issued(
        self,
        authority: Authority,
        *,
        organisation: str = ORGANISATION,
        life: timedelta = timedelta(days=5 * 365),
    ) -> str:
        """A leaf with a key of its own, kept for download with the issuing certificate after it."""
        key, now = new_key(), self._far.clock.now()
        pem = certified(authority, key.public_key(), now, organisation=organisation, life=life)
        serial = serial_of(pem)
        kept = {"pem": pem + authority.issuing, "key": key_pem(key)}
        self._far.put("certificate", serial, kept)
        return serial

    def _authority(self) -> Authority:
        kept = self._far.get("authority", "alipay")
        if kept is None:
            kept = asdict(new_authority(self._far.clock.now()))
            self._far.put("authority", "alipay", kept)
        return Authority(**kept)

    def _signer(self, serial: str) -> Signer:
        kept = self._far.get("certificate", serial)
        if kept is None:
            raise LookupError(serial)
        return Signer(self._key(kept["key"]), serial)

    def _key(self, pem: str) -> rsa.RSAPrivateKey:
        if pem not in self._read:
            self._read[pem] = read_key(pem)
        return self._read[pem]


def bare(key: rsa.RSAPublicKey) -> str:
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def development_keys(far_side: FarSide) -> dict[str, str]:
    """Environment values for an app in key mode at this far side; each call makes another app.

    Alipay's own key is the far side's, and stays. Keep the rest: only the app knows its private
    key.
    """
    private = new_key().private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "ALIPAY_APP_ID": f"2021{secrets.randbelow(10**12):012d}",
        "ALIPAY_PRIVATE_KEY": base64.b64encode(private).decode(),
        "ALIPAY_PUBLIC_KEY": KeyOffice(far_side).public_key(),
        "ALIPAY_CONTENT_KEY": base64.b64encode(secrets.token_bytes(16)).decode(),
    }
