"""What was submitted has one text and one hash, and the filing says nothing else."""

import hashlib
import json
from datetime import UTC, datetime

from kit.secrets import KeyRing
from miniprogram_api.applications.frozen import (
    FrozenContent,
    FrozenFile,
    FrozenItem,
    FrozenMaterial,
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
