"""What the documents say and who signs them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.secrets import PersonName
from miniprogram_api.catalogue.service import Placeholder, pieces
from miniprogram_api.documents.composing import numeral
from miniprogram_api.documents.service import all_documents_of, documents_of, everybody_of
from tests.builders.catalogues import shipped
from tests.miniprogram_api.documents.builders import (
    ID_NUMBER,
    NAME,
    OTHER_ID_NUMBER,
    OTHER_NAME,
    USCC,
    a_plan,
    a_shareholder,
    documents,
    put,
    right_answers,
    text_of,
)

COMPANY = ("business_licence",)
TWO = [a_shareholder(1, NAME, ID_NUMBER), a_shareholder(2, OTHER_NAME, OTHER_ID_NUMBER)]
LIMITED = {"company_type": "limited", "shareholders": TWO}
ALONE = {
    "business_licence_individual": {"individual_application_form"},
    "business_licence_sole": {"sole_application_form"},
    "business_licence_partnership": {"partnership_application_form", "partnership_agreement"},
    "business_licence_branch": {"branch_application_form", "appointment_documents"},
}
AGENT = {"name": OTHER_NAME, "id_type": "01", "id_number": OTHER_ID_NUMBER, "phone": "13800000002"}


def test_a_company_of_one_shareholder_is_decided_by_that_shareholder() -> None:
    found = documents(a_plan(COMPANY))
    assert set(found) == {
        "company_application_form",
        "articles",
        "shareholder_resolution",
        "appointment_documents",
        "no_supervisor_consent",
    }
    assert found["shareholder_resolution"].title.zh == "股东决定"
    assert "公司只有一个股东，不设股东会" in text_of(found["articles"])


def test_several_shareholders_resolve_and_all_of_them_sign_the_articles() -> None:
    found = documents(a_plan(COMPANY), **LIMITED)
    assert found["shareholder_resolution"].title.zh == "股东会决议"
    assert [signer.name.reveal() for signer in found["articles"].signers] == [NAME, OTHER_NAME]
    assert [s.name.reveal() for s in found["company_application_form"].signers] == [NAME]


def test_who_signs_in_several_roles_signs_once() -> None:
    specs = documents(a_plan(COMPANY), **LIMITED).values()
    signers = {signer.name.reveal(): signer.roles for signer in everybody_of(specs)}
    assert signers == {
        NAME: ("legal_person", "shareholders", "directors"),
        OTHER_NAME: ("shareholders",),
    }


def test_the_same_number_written_otherwise_is_the_same_person() -> None:
    rows = [a_shareholder(1, NAME, f" {ID_NUMBER.lower()} ")]
    (signer,) = everybody_of(documents(a_plan(COMPANY), shareholders=rows).values())
    assert signer.id_number is not None
    assert signer.id_number.reveal() == ID_NUMBER


def test_whoever_has_one_number_and_two_names_is_known_by_both() -> None:
    """In whatever documents and roles they stand: nobody can sign what calls him otherwise."""
    rows = [a_shareholder(1, "张三三", ID_NUMBER)]
    specs = documents(a_plan(COMPANY), shareholders=rows)
    (signer,) = everybody_of(specs.values())
    assert [signer.name, *signer.other_names] == [PersonName(NAME), PersonName("张三三")]
    (same,) = everybody_of(documents(a_plan(COMPANY)).values())
    assert same.other_names == ()


def test_an_organisation_signs_by_its_code() -> None:
    company = a_shareholder(2, "山东某某投资有限公司", USCC, kind="company", id_type="credit_code")
    found = documents(a_plan(COMPANY), **LIMITED | {"shareholders": [TWO[0], company]})
    organisation = found["articles"].signers[1]
    assert (organisation.uscc, organisation.id_number) == (USCC, None)


def test_an_agent_signs_the_power_of_attorney_beside_those_who_give_it() -> None:
    found = documents(a_plan(COMPANY), by_agent=True, agent=AGENT)["authorization_letter"]
    assert [signer.roles for signer in found.signers] == [("shareholders",), ("agent",)]
    assert found.signers[1].phone is not None
    assert "四、领取营业执照和有关文书。" in text_of(found)


@pytest.mark.parametrize("item", ALONE)
def test_each_other_registration_has_its_own_documents(item: str) -> None:
    found = documents(a_plan((item,)))
    assert set(found) == ALONE[item]
    assert all(spec.signers for spec in found.values())


@pytest.mark.parametrize("item", [*COMPANY, *ALONE])
@pytest.mark.parametrize("operation", ["change", "cancel"])
def test_a_change_and_a_cancellation_are_signed_too(item: str, operation: str) -> None:
    found = documents(a_plan((item,), operation))
    assert any(code.endswith("_application_form") for code in found)
    for spec in found.values():
        assert spec.signers, spec.code
        assert "＿" not in text_of(spec), spec.code


def test_no_heading_stands_over_nothing() -> None:
    """A change that names no officers has no part about them."""
    change = {"change_items": ["02"], "directors": None, "managers": None}
    text = text_of(documents(a_plan(COMPANY, "change"), **change)["company_application_form"])
    assert not {"董事", "监督机构、监事", "经理", "财务负责人、登记联络员"} & set(text.splitlines())
    assert {"公司基本信息", "法定代表人"} <= set(text.splitlines())


def test_questions_are_called_as_the_kind_of_entity_calls_them() -> None:
    text = text_of(documents(a_plan(("business_licence_partnership",)))["partnership_agreement"])
    assert "第一条　合伙企业名称" in text
    form = documents(a_plan(("business_licence_partnership",)))["partnership_application_form"]
    assert "执行事务合伙人\n姓名|张三" in text_of(form)
    assert "注册资本" not in text_of(form)


def test_where_a_form_asks_no_number_whoever_may_act_for_it_signs() -> None:
    (signer,) = documents(a_plan(("business_licence_individual",), "cancel"))[
        "individual_application_form"
    ].signers
    assert (signer.uscc, signer.id_number, signer.roles) == (USCC, None, ("operator",))


def test_the_articles_hold_what_the_company_law_demands() -> None:
    """公司法 article 46."""
    text = text_of(documents(a_plan(COMPANY), **LIMITED)["articles"])
    for part in (
        "济南示例饭店有限公司",
        "山东省济南市历下区示例街道",
        "餐饮服务、餐饮管理",
        "注册资本为500万元",
        f"{NAME}|居民身份证|{ID_NUMBER}|250万元|50%|货币|2029年1月1日",
        "行使下列职权",
        "决议应当经代表过半数表决权的股东通过",
        "法定代表人的产生和变更",
        "股东会认为需要规定的其他事项",
    ):
        assert part in text


def test_permits_are_only_to_be_read() -> None:
    compiled = a_plan()
    answers = right_answers(compiled)
    read = [spec for spec in all_documents_of(compiled, answers) if not spec.needs_signature]
    assert {"food_application_form", "ad_safety_commitment"} <= {spec.code for spec in read}
    assert all(not spec.signers and spec.content.blocks for spec in read)
    signed = {spec.code for spec in documents_of(compiled, answers)}
    assert signed.isdisjoint(spec.code for spec in read)


def test_nothing_in_a_document_shows_itself_in_a_log() -> None:
    spec = documents(a_plan(COMPANY))["articles"]
    assert NAME not in repr(spec)
    assert ID_NUMBER not in repr(spec)


@pytest.mark.parametrize(
    ("number", "written"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")]
)
def test_articles_are_numbered_in_chinese(number: int, written: str) -> None:
    assert numeral(number) == written


PLAN = a_plan(COMPANY)
ANSWERS = put(PLAN, right_answers(PLAN), **LIMITED)
HASHES = {spec.code: spec.source_hash for spec in documents_of(PLAN, ANSWERS)}


def _deciding() -> set[str]:
    """Questions on which others depend: changing one may take away another."""
    operation = shipped().items["business_licence"].operations["open"]
    uses = operation.fields.of("business_licence")
    return {code for use in uses if use.when is not None for code in use.when.fields()}


def _shown(code: str) -> set[str]:
    """The questions that a document shows, read from its text alone."""
    blocks = shipped().documents.templates[code].blocks
    open_blocks = [b for b in blocks if not b.operations or "open" in b.operations]
    named = {p.code for b in open_blocks for p in pieces(b.words) if isinstance(p, Placeholder)}
    return named | {c for b in open_blocks for c in (*(b.form or ()), *filter(None, [b.table]))}


def _read(code: str) -> set[str]:
    """With those that decide what is shown and who signs."""
    documents, read = shipped().documents, _shown(code)
    template = documents.templates[code]
    for part in (*template.blocks, *template.titles, *template.signers):
        read |= set() if part.when is None else set(part.when.fields())
    for signed in template.signers:
        party = documents.parties[signed.party]
        whole = [party.rows or party.person]
        read |= set(filter(None, [*whole, party.name, party.id_number, party.id_type, party.uscc]))
    return read


_FREE = [
    code
    for code in PLAN.flat(ANSWERS)
    if code not in _deciding() and isinstance(PLAN.flat(ANSWERS)[code], str)
]


@settings(max_examples=60)
@given(code=st.sampled_from(_FREE), typed=st.text(st.characters(categories=["Lo"]), min_size=1))
def test_a_change_touches_just_the_documents_that_use_the_answer(code: str, typed: str) -> None:
    was = PLAN.flat(ANSWERS)[code]
    answers = put(PLAN, ANSWERS, **{code: typed})
    for spec in documents_of(PLAN, answers):
        if code not in _read(spec.code) or typed == was:
            assert spec.source_hash == HASHES[spec.code]
        elif code in ("entity_name", "legal_representative_name") and code in _shown(spec.code):
            assert spec.source_hash != HASHES[spec.code]


@pytest.mark.parametrize("code", ["postal_code", "contact_phone", "domicile", "business_scope"])
def test_a_document_that_shows_an_answer_changes_with_it(code: str) -> None:
    other: dict[str, Any] = {
        "postal_code": "250001",
        "contact_phone": "053186000000",
        "domicile": {"region": "370103", "detail": "别处2号"},
        "business_scope": ["catering_service"],
    }
    specs = documents_of(PLAN, put(PLAN, ANSWERS, **{code: other[code]}))
    changed = {spec.code for spec in specs if spec.source_hash != HASHES[spec.code]}
    assert changed == {spec for spec in HASHES if code in _shown(spec)}
    assert "company_application_form" in changed


def test_another_signer_is_another_document_though_the_text_stays() -> None:
    rows = [TWO[0], {**TWO[1], "id_type": "03", "id_number": OTHER_ID_NUMBER}]
    changed = {
        spec.code
        for spec in documents_of(PLAN, put(PLAN, ANSWERS, shareholders=rows))
        if spec.source_hash != HASHES[spec.code]
    }
    assert {"shareholder_resolution", "no_supervisor_consent", "articles"} <= changed
