"""Everybody has signed: the rows that signing leaves, without the service, its page and the PDFs.

The real way, over HTTP and past the simulated service, is proven in
``tests/miniprogram_api/signatures`` and told by the journey.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from adapters.esign.port import Evidence
from adapters.storage.local import LocalStorage
from kit.ids import new_id
from miniprogram_api.documents.service import DocumentSpec
from miniprogram_api.drafts.service import SignableDraft, SignableDrafts, Standing
from miniprogram_api.materials.filing import seal_name
from miniprogram_api.materials.models import File, GeneratedDocument
from miniprogram_api.signatures.book import (
    AskedDocument,
    KeptSigner,
    SignatureBook,
    content_hash_of,
)
from miniprogram_api.signatures.models import Signature


async def signed_by_all(world: Any, draft_id: str) -> int:
    """How many had to."""
    provided = world.services.provided
    drafts, book = provided[SignableDrafts], provided[SignatureBook]
    draft = await drafts.present(draft_id)
    wanted = [one for one in draft.standings if one.is_open]
    for standing in wanted:
        await a_signature(book, draft_id, draft.owner, standing)
    signed = {code for standing in wanted for code in standing.missing}
    for spec in draft.specs:
        if spec.code in signed:
            await _a_document(world, draft, spec)
    if wanted:
        async with drafts.unit(draft_id):
            await drafts.note(draft.owner, draft_id, "signed")
    return len(wanted)


async def _a_document(world: Any, draft: SignableDraft, spec: DocumentSpec) -> None:
    """What :func:`a_signature` says was signed; no PDF, but filed like one."""
    services, key, now = world.services, new_id(), datetime.now(UTC)
    content = spec.source_hash.encode()
    common: dict[str, Any] = {
        "sha256": sha256(content).hexdigest(),
        "size": len(content),
        "created_at": now,
    }
    storage = LocalStorage(services.settings.storage_dir, services.ring, services.clock)
    await storage.put(key, _whole(content), len(content))
    await File.create(
        id=key,
        owner=draft.owner,
        name_cipher=seal_name(services.ring, key, f"{spec.code}.pdf"),
        media_type="application/pdf",
        storage_key=key,
        **common,
    )
    await GeneratedDocument.create(
        id=sha256(f"{draft.draft_id}|{spec.code}|{spec.source_hash}".encode()).hexdigest(),
        draft_id=draft.draft_id,
        material=spec.code,
        source_hash=spec.source_hash,
        file_id=key,
        pages=1,
        held=True,
        **common,
    )


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def signed_by_its_owner(phone: Any, draft_id: str) -> None:
    """Over HTTP, for products in processes of their own; nobody else has to sign."""
    asked = await phone.once("POST", f"/drafts/{draft_id}/signatures")
    assert asked.status_code == 201, asked.text
    for one in asked.json()["items"]:
        path = f"/signatures/{one['signature_id']}"
        documents = (await phone.get(path)).json()["documents"]
        seen = [{"code": each["code"], "sha256": each["sha256"]} for each in documents]
        begun = await phone.once("POST", f"{path}/sign", json={"documents": seen})
        assert begun.status_code == 200, begun.text
        await phone.mock("POST", path, json={"persona": phone.persona, "outcome": "sign"})
        assert (await phone.get(path)).json()["state"] == "signed"


async def a_signature(
    book: SignatureBook, draft_id: str, owner: str, standing: Standing, **columns: Any
) -> Signature:
    """Of everything that this signer has not signed yet."""
    row_id, signer, now = new_id(), standing.signer, datetime.now(UTC)
    titles = {one.code: one.title for one in standing.documents}
    documents = [
        AskedDocument(
            code, titles[code], made_of, sha256(made_of.encode()).hexdigest(), new_id(), 1
        )
        for code, made_of in standing.missing.items()
    ]
    evidence = Evidence(f"{row_id}-1", "0" * 64, "c2lnbmVk", "Y2VydA==", now)
    kept = KeptSigner(
        signer.name.reveal(),
        tuple(name.reveal() for name in signer.other_names),
        signer.id_number.reveal() if signer.id_number else None,
        signer.uscc,
        signer.roles,
        "",
    )
    return await Signature.create(
        **{
            "id": row_id,
            "draft_id": draft_id,
            "owner": owner,
            "signer_index": standing.index,
            "signer_cipher": book.seal_signer(row_id, kept),
            "documents": msgspec.json.encode(documents).decode(),
            "content_hash": content_hash_of(documents),
            "slot": row_id,
            "state": "signed",
            "opened_at": now,
            "signed_at": now,
            "evidence_cipher": book.seal_evidence(row_id, evidence),
            **columns,
        }
    )
