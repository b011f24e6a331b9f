"""Signatures as a draft's owner sees them."""

from collections.abc import Iterable

from kit.text import Language, Text
from miniprogram_api.catalogue.service import CompiledPlan
from miniprogram_api.drafts.schemas import SignatureView, SignedDocumentView, SignerRole
from miniprogram_api.drafts.signing import Standing


def signature_views(
    found: Iterable[Standing], compiled: CompiledPlan, language: Language
) -> list[SignatureView]:
    return [
        SignatureView(
            signature_id=standing.task.id if standing.task is not None else None,
            signer=standing.signer.name.masked(),
            roles=role_views(standing.signer.roles, compiled, language),
            documents=[
                SignedDocumentView(one.code, one.title.in_language(language), one.state)
                for one in standing.documents
            ],
            state=standing.state,
        )
        for standing in found
    ]


def role_views(
    codes: Iterable[str], compiled: CompiledPlan, language: Language
) -> list[SignerRole]:
    parties = compiled.catalogue.documents.parties
    return [
        SignerRole(code, Text(parties[code].title, parties[code].en).in_language(language))
        for code in codes
    ]
