"""What was submitted has one text and one hash, and the filing says nothing else."""

import hashlib
import json
from datetime import UTC, datetime

from msgspec.structs import replace

from kit.secrets import KeyRing
from miniprogram_api.applications.frozen import (
    FrozenApplicant,
    FrozenContent,
    FrozenFile,
    FrozenItem,
    FrozenMaterial,
    FrozenRole,
    canonical,
    filing_of,
    hash_of_content,
    opened,
    sealed,
)
from miniprogram_api.applications.models import Application

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CONTENT = FrozenContent(
    draft_id="d" * 32,
    revision=7,
    catalogue_version="2026.11-abc",
    operation="open",
    region="370102",
    theme="restaurant",
    mode="joint",
    industry_code="6210",
    industry_name="正餐服务",
    items=[
        FrozenItem("business_licence", "营业执照", "市场监管局", ["entity_name", "capital"]),
        FrozenItem("seal", "印章刻制", "公安局", ["entity_name"]),
    ],
    answers={"entity_name": "济南“好味道”餐饮有限公司", "capital": 10.5, "staff": [{"_id": "a"}]},
    materials=[
        FrozenMaterial(
            "premises_proof",
            "住所使用证明",
            ["business_licence"],
            [FrozenFile("f" * 32, "租赁合同.pdf", "application/pdf", 1234, "0" * 64, AT)],
        )
    ],
    delivery={"method": "window"},
    declaration=True,
)
APPLICANT = FrozenApplicant("张三", "370102199003071238", "13800138000")
FILED = Application(id="a" * 32, reference_no="SD20261120ABCDEFGH", submitted_at=AT)


def test_anybody_who_has_the_content_can_make_the_hash_again():
    text = canonical(CONTENT)
    by_hand = json.dumps(
        json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    assert by_hand.encode() == text
    assert hash_of_content(text) == hashlib.sha256(by_hand.encode()).hexdigest()


def test_the_sealed_content_comes_back_whole_and_only_for_its_application():
    ring = KeyRing({"1": b"k" * 32}, "1", b"i" * 32)
    application = Application(id="a" * 32)
    application.frozen_cipher = sealed(ring, application.id, canonical(CONTENT))
    assert "好味道".encode() not in application.frozen_cipher
    assert opened(ring, application) == CONTENT


def test_each_item_is_filed_with_its_own_answers_and_all_with_the_common_ones():
    application = Application(id="a" * 32, reference_no="SD20261120ABCDEFGH", submitted_at=AT)
    filing = filing_of(application, CONTENT)
    licence, seal = filing.items
    assert filing.serial_no == application.id
    assert licence.answers.keys() == {"entity_name", "capital"}
    assert seal.answers.keys() == {"entity_name"}
    assert filing.answers == CONTENT.answers
    assert filing.materials[0].documents[0].document_id == "f" * 32


def test_what_was_frozen_before_identities_were_filed_is_still_opened_and_filed_whole():
    old = json.loads(canonical(CONTENT)) | {"format": "application/1"}
    for member in ("applicant", "acting_for", "consents"):
        del old[member]
    for item in old["items"]:
        del item["consent"]
    ring = KeyRing({"1": b"k" * 32}, "1", b"i" * 32)
    application = Application(
        id="a" * 32, reference_no="SD20261120ABCDEFGH", submitted_at=AT, content_hash="x"
    )
    application.frozen_cipher = sealed(ring, application.id, json.dumps(old).encode())
    filing = filing_of(application, opened(ring, application))
    assert (filing.applicant, filing.acting_for) == (None, None)
    assert filing.answers == CONTENT.answers
    assert [item.sharing for item in filing.items] == [None, None]


def test_the_hash_covers_who_applied_and_what_was_agreed_to():
    hashes = {
        hash_of_content(canonical(content))
        for content in (
            CONTENT,
            replace(CONTENT, applicant=APPLICANT),
            replace(CONTENT, applicant=replace(APPLICANT, name="李四")),
            replace(CONTENT, acting_for=FrozenRole("91370102MA3QAAA01U", "legal_person")),
            replace(CONTENT, consents={"share_with_seal_shop": True}),
        )
    }
    assert len(hashes) == 5


def test_the_verified_applicant_is_filed_and_shown_by_nobody_by_accident():
    content = replace(CONTENT, applicant=APPLICANT)
    filing = filing_of(FILED, content)
    assert filing.applicant is not None
    assert filing.applicant.id_number.reveal() == APPLICANT.id_number
    for shown in (repr(content), repr(filing), str(filing.applicant)):
        assert APPLICANT.id_number not in shown
        assert APPLICANT.name not in shown


class TestReceiversOutside:
    """One item with a receiver outside, one without, and answers of one, the other and both."""

    CONTENT = replace(
        CONTENT,
        items=[
            FrozenItem("business_licence", "营业执照", "市场监管局", ["entity_name", "capital"]),
            FrozenItem(
                "seal", "印章刻制", "公安局", ["entity_name", "seal_types"], "share_with_seal_shop"
            ),
        ],
        answers={"entity_name": "济南某某有限公司", "capital": 10.5, "seal_types": ["official"]},
        materials=[
            replace(CONTENT.materials[0], code=code, serves=serves)
            for code, serves in (
                ("of_the_seal", ["seal"]),
                ("of_both", ["seal", "business_licence"]),
                ("of_all", []),
            )
        ],
    )

    def test_without_a_consent_nothing_that_only_they_need_leaves(self):
        for consents in ({}, {"share_with_seal_shop": False}, {"share_with_bank": True}):
            content = replace(self.CONTENT, consents=consents)
            filing = filing_of(FILED, content)
            licence, seal = filing.items
            assert (licence.sharing, seal.sharing) == (None, False)
            assert licence.answers.keys() == {"entity_name", "capital"}
            assert seal.answers == {}
            assert filing.answers.keys() == {"entity_name", "capital"}
            assert [(m.code, list(m.serves)) for m in filing.materials] == [
                ("of_both", ["business_licence"]),
                ("of_all", []),
            ]

    def test_with_a_consent_everything_does(self):
        content = replace(self.CONTENT, consents={"share_with_seal_shop": True})
        filing = filing_of(FILED, content)
        seal = filing.items[1]
        assert seal.sharing is True
        assert seal.answers.keys() == {"entity_name", "seal_types"}
        assert filing.answers == self.CONTENT.answers
        assert len(filing.materials) == 3

    def test_what_nobody_asks_by_name_stays_in_the_common_form(self):
        answers = {**self.CONTENT.answers, "premises_address": "济南市某路1号"}
        filing = filing_of(FILED, replace(self.CONTENT, answers=answers))
        assert "premises_address" in filing.answers
