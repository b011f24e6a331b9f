"""The applicants of a run: known to the far side, signed in, proved, with drafts of their own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from stdnum.iso7064 import mod_11_2

from bench.samples import SELECTION, Samples
from bench.stack import ROOT, Stack
from bench.wire import Surprise
from kit.ids import new_id
from miniprogram_api.catalogue.service import SamplePerson

PDF = ROOT / "bff" / "mock" / "assets" / "sample.pdf"
_FAMILY = "王李张刘陈杨黄赵吴周"
_GIVEN = "子丑寅卯辰巳午未申酉"


@dataclass(frozen=True, slots=True)
class Applicant:
    key: str
    name: str
    id_number: str
    phone: str

    @property
    def sample(self) -> SamplePerson:
        return SamplePerson(self.name, self.id_number, self.phone)


@dataclass(slots=True)
class OpenDraft:
    """``revision`` moves with every save; ``shown`` is the number of each step's variant in it."""

    id: str
    token: str
    revision: int
    shown: Counter[str] = field(default_factory=Counter)
    last_step: str = ""


def applicant(number: int) -> Applicant:
    """Invented; born in the eighties, with a right check digit."""
    born = f"198{number // 280 % 10}{number // 28 % 10 + 1:02}{number % 28 + 1:02}"
    stem = f"370102{born}{number % 1000:03}"
    name = _FAMILY[number % 10] + _GIVEN[number // 10 % 10] + _GIVEN[number // 100 % 10]
    id_number = stem + mod_11_2.calc_check_digit(stem)
    return Applicant(f"applicant-{number}", name, id_number, f"138{number:08}")


class Phone:
    """One applicant's device, for what is prepared and not measured."""

    def __init__(self, stack: Stack, person: Applicant, address: str) -> None:
        self.person = person
        self.token = ""
        self._stack = stack
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{stack.product_port}/api/v1",
            headers={
                "X-Device-Id": f"bench-{person.key}",
                "X-Client-Platform": "wechat",
                "X-Client-Version": "1.4.0",
                "X-Forwarded-For": address,
            },
            timeout=40,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, expect: int = 200, **how: Any) -> Any:
        """The answer's JSON. POSTs carry a fresh idempotency key."""
        headers = {"Idempotency-Key": new_id()} if method == "POST" else {}
        answer = await self._client.request(method, path, headers=headers, **how)
        if answer.status_code != expect:
            raise Surprise(f"{method} {path}: {answer.status_code} {answer.text[:600]}")
        return answer.json()

    async def sign_in(self) -> dict[str, Any]:
        code = (await self._stack.hand("/codes", people=[self.person.key]))["codes"][0]
        login = {"platform": "wechat", "credential": {"code": code}}
        session: dict[str, Any] = await self.call("POST", "/auth/login", json=login)
        self.token = session["access_token"]
        self._client.headers["Authorization"] = f"Bearer {self.token}"
        return session

    async def prove_identity(self) -> None:
        consents = (await self.call("GET", "/consents"))["items"]
        version = next(c["text_version"] for c in consents if c["purpose"] == "identity_check")
        asked = {
            "method": "wechat_face",
            "name": self.person.name,
            "id_number": self.person.id_number,
            "consent": {"text_version": version},
        }
        check = await self.call("POST", "/auth/identity-checks", 201, json=asked)
        verify_id = check["client_action"]["verify_id"]
        await self._stack.hand("/face", verify_id=verify_id, person=self.person.key)
        result = await self.call("GET", f"/auth/identity-checks/{check['id']}")
        if result["state"] != "passed":
            raise Surprise(f"the identity check of {self.person.key} is {result['state']}")

    async def fill_draft(self, samples: Samples) -> OpenDraft:
        """A draft with every step answered."""
        made = await self.call("POST", "/drafts", 201, json=SELECTION)
        draft = OpenDraft(made["id"], self.token, made["revision"])
        for step in samples.steps:
            answers = msgspec.json.decode(step.variants[0])
            body = {"base_revision": draft.revision, "answers": answers}
            saved = await self.call("PUT", f"/drafts/{draft.id}/steps/{step.key}", json=body)
            draft.revision = saved["revision"]
        return draft

    async def upload(self, draft: OpenDraft, material: str) -> None:
        files = {"file": ("sample.pdf", PDF.read_bytes(), "application/pdf")}
        await self.call("POST", f"/drafts/{draft.id}/materials/{material}", 201, files=files)

    async def ask_for_signatures(self, draft: OpenDraft, signer: "Phone") -> None:
        """``signer``: in whose name all samples are, so that nobody else has to sign."""
        asked = await self.call("POST", f"/drafts/{draft.id}/signatures", 201)
        await signer.sign(asked)

    async def sign(self, asked: dict[str, Any]) -> None:
        for one in asked["items"]:
            path = f"/signatures/{one['signature_id']}"
            documents = (await self.call("GET", path))["documents"]
            seen = [{"code": one["code"], "sha256": one["sha256"]} for one in documents]
            begun = await self.call("POST", f"{path}/sign", json={"documents": seen})
            flow_id = begun["client_action"]["url"].partition("flowNo=")[2]
            await self._stack.hand("/sign", flow_id=flow_id, person=self.person.key)
            signed = await self.call("GET", path)
            if signed["state"] != "signed":
                raise Surprise(f"the signature of {self.person.key} is {signed['state']}")


async def signed_in(stack: Stack, people: Sequence[Applicant]) -> list[Phone]:
    known = [msgspec.to_builtins(person) for person in people]
    await stack.hand("/people", people=known)
    phones = [
        Phone(stack, person, f"10.1.{number >> 8}.{number & 255}")
        for number, person in enumerate(people, 1)
    ]
    for phone in phones:
        await phone.sign_in()
    return phones
