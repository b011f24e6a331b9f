"""What the service knows: persons, their flows, and what they signed with.

The ``retcode`` values are made up: the real ones are not published.
"""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from adapters.esign.evidence import digest_of
from adapters.esign.port import Signatory, SignedDocument
from adapters.esign.simulator import scenarios
from adapters.esign.simulator.authority import Authority
from adapters.far_service import Failure
from adapters.far_side import KEY, FarSide
from adapters.gm import SM2PrivateKey, new_key_pair
from kit.clock import in_china
from kit.secrets import IdNumber, PersonName, Secret

VALID_S = 1800
"""How long a flow's page can be signed on; made up."""
PENDING, SIGNED, REFUSED, EXPIRED = "0", "1", "2", "3"


class UnknownFlow(LookupError):
    """No such flow is open, or it is another person's."""


class Bureau:
    """Facts ``person`` (by our key), ``flow`` (by its number), ``reference`` (to its flow)."""

    def __init__(self, far_side: FarSide, authority: Authority, page_url: str) -> None:
        self._far = far_side
        self._authority = authority
        self._page_url = page_url

    def register_person(self, key: str, name: str, id_number: str) -> None:
        self._far.put("person", key, {"name": name, "id_number": id_number.upper()})

    def serve(self, service: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The one of ``begin`` and ``find`` that is asked; :class:`Failure`."""
        return self._begin(parameters) if service == "begin" else self._find(parameters)

    def _begin(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        reference, digest = str(parameters.get("applyNo") or ""), parameters.get("digest")
        wanted = _read(parameters)
        if wanted is None or not 0 < len(reference) <= 64 or parameters.get("digestAlg") != "SM3":
            raise Failure("100102", "a parameter is missing")
        signatory, documents = wanted
        if digest != digest_of(reference, signatory, documents):
            raise Failure("100102", "digest is not of these files")
        if self._far.take(scenarios.NO_CERTIFICATE, service="begin") or not self._knows(signatory):
            raise Failure("300103", "no certificate for this person")
        kept = self._far.get("reference", reference)
        if kept is not None:
            return self._again(str(kept["flow"]), str(digest))
        number = secrets.token_hex(16)
        flow = {
            "reference": reference,
            "digest": digest,
            "name": signatory.name.reveal(),
            "id_number": signatory.id_number.reveal(),
            "status": PENDING,
            "ends_at": (self._far.clock.now() + timedelta(seconds=VALID_S)).isoformat(),
        }
        with self._far.together():
            self._far.put("flow", number, flow)
            self._far.put("reference", reference, {"flow": number})
        return self._shown(number, VALID_S)

    def _find(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        number, reference = str(parameters.get("flowNo")), str(parameters.get("applyNo"))
        flow = self._far.get("flow", number)
        if flow is None or flow["reference"] != reference:
            raise Failure("300201", "no such flow")
        status = self._status(flow)
        if status != SIGNED:
            return {"status": status, "applyNo": reference}
        told = dict(flow["told"])
        if self._far.take(scenarios.REPLAYED, service="find"):
            told = self._another(flow) or told
        return {"status": status, **told}

    def answer(self, number: str, key: str, outcome: str) -> None:
        """What the person does on the page. :class:`UnknownFlow`."""
        flow, person = self._far.get("flow", number), self._far.get("person", key)
        if flow is None or person is None or self._status(flow) != PENDING:
            raise UnknownFlow(number)
        if person["id_number"] != flow["id_number"]:
            raise UnknownFlow(number)
        if outcome == "refuse":
            self._far.put("flow", number, {**flow, "status": REFUSED})
            return
        told = self._signed(flow, person)
        self._far.put("flow", number, {**flow, "status": SIGNED, "told": told})

    def _signed(self, flow: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, str]:
        now = self._far.clock.now()
        private_key, public_key = self._key_of(str(person["id_number"]))
        name, number, authority, begins = (
            str(person["name"]),
            str(person["id_number"]),
            self._authority,
            now - timedelta(minutes=1),
        )
        digest = str(flow["digest"])
        if self._far.take(scenarios.WRONG_CERTIFICATE, service="find"):
            name, number = "模拟他人", "110105194912310021"
        if self._far.take(scenarios.EXPIRED_CERTIFICATE, service="find"):
            begins = now - timedelta(days=400)
        if self._far.take(scenarios.FOREIGN_AUTHORITY, service="find"):
            authority = Authority.new(self._authority.name)
        certificate = authority.certificate(name, number, public_key, begins)
        if self._far.take(scenarios.WRONG_KEY, service="find"):
            private_key, _ = new_key_pair()
        if self._far.take(scenarios.WRONG_DIGEST, service="find"):
            digest = "0" * 64
        signature = SM2PrivateKey(private_key).sign(bytes.fromhex(digest))
        return {
            "applyNo": str(flow["reference"]),
            "digest": str(flow["digest"]),
            "signValue": base64.b64encode(signature).decode(),
            "signCert": certificate,
            "signTime": in_china(now),
        }

    def _key_of(self, id_number: str) -> tuple[Secret, str]:
        """Kept over a restart, like the authority's own."""
        kept = self._far.get(KEY, f"person:{id_number}")
        if kept is None:
            private_key, public_key = new_key_pair()
            kept = {"private_key": private_key.reveal(), "public_key": public_key}
            self._far.put(KEY, f"person:{id_number}", kept)
        return Secret(kept["private_key"]), kept["public_key"]

    def _again(self, number: str, digest: str) -> dict[str, Any]:
        flow = self._far.get("flow", number)
        if flow is None or flow["digest"] != digest:
            raise Failure("300101", "applyNo was used for something else")
        if self._status(flow) in {REFUSED, EXPIRED}:
            raise Failure("300102", "flow is over")
        left = datetime.fromisoformat(flow["ends_at"]) - self._far.clock.now()
        return self._shown(number, max(0, int(left.total_seconds())))

    def _another(self, flow: Mapping[str, Any]) -> dict[str, str] | None:
        for _, other in self._far.all("flow"):
            same = other["id_number"] == flow["id_number"] and "told" in other
            if same and other["reference"] != flow["reference"]:
                return dict(other["told"])
        return None

    def _knows(self, signatory: Signatory) -> bool:
        name, number = signatory.name.reveal(), signatory.id_number.reveal()
        return any(
            person["name"] == name and person["id_number"] == number
            for _, person in self._far.all("person")
        )

    def _status(self, flow: Mapping[str, Any]) -> str:
        over = self._far.clock.now() >= datetime.fromisoformat(flow["ends_at"])
        return EXPIRED if flow["status"] == PENDING and over else str(flow["status"])

    def _shown(self, number: str, left_s: int) -> dict[str, Any]:
        return {
            "flowNo": number,
            "signUrl": f"{self._page_url}?flowNo={number}",
            "validSeconds": left_s,
        }


def _read(
    parameters: Mapping[str, Any],
) -> tuple[Signatory, list[SignedDocument]] | None:
    name, number = parameters.get("name"), parameters.get("certNo")
    files = parameters.get("files")
    if not isinstance(name, str) or not isinstance(number, str) or not isinstance(files, list):
        return None
    documents = [
        SignedDocument(str(one.get("fileCode")), str(one.get("fileName")), str(one.get("fileHash")))
        for one in files
        if isinstance(one, dict)
    ]
    if not name or not number or not documents or len(documents) != len(files):
        return None
    uscc = str(parameters.get("creditCode") or "") or None
    return Signatory(PersonName(name), IdNumber(number), uscc), documents
