"""The rules on companies' names run at every save and at submission, where a name is new."""

from typing import Any

from tests.miniprogram_api.catalogue.test_names import KEPT_AND_BROKEN
from tests.miniprogram_api.drafts.builders import a_draft, complete, resumed, save, saved

COMPANY = {"company_type": "limited", "industry_code": "6210"}
# The question's own pattern and bounds say it.
BY_THE_SCHEMA = {"characters": "wrong_format", "length": "too_long"}
WITHOUT_A_DOUBT = {
    "region_elsewhere", "region_district_alone", "region_zone_alone", "trade_missing",
    "trade_short", "trade_is_region", "trade_is_industry", "form_missing", "form_other",
    "state_word_in_front",
}  # fmt: skip


def at_the_name(told: list[dict[str, Any]]) -> set[str]:
    return {one["code"] for one in told if one["pointer"] == "/entity_name"}


async def test_every_rule_on_names_lets_pass_and_finds_at_save(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, items=["business_licence"])
    revision = draft["revision"]
    for rule, names in KEPT_AND_BROKEN.items():
        found = []
        for name in names:
            answers = {**COMPANY, "entity_name": name}
            reply = await saved(phone, draft, "company", revision, answers)
            revision = reply["revision"]
            step = reply["step"]
            found.append((at_the_name(step["errors"]), at_the_name(step["remarks"])))
        kept, broken = found
        code = BY_THE_SCHEMA.get(rule, f"name_{rule}")
        assert code not in kept[0] | kept[1], rule
        blocks = rule in WITHOUT_A_DOUBT or rule in BY_THE_SCHEMA
        assert (code in broken[0], code in broken[1]) == (blocks, not blocks), rule


async def test_a_message_says_what_to_do_and_nothing_of_what_was_typed(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, items=["business_licence"])
    answers = {**COMPANY, "entity_name": "中国鑫源泰餐饮有限公司"}
    reply = await saved(phone, draft, "company", 1, answers)
    (told,) = [one for one in reply["step"]["errors"] if one["pointer"] == "/entity_name"]
    assert told["code"] == "name_state_word_in_front"
    assert "请更换" in told["message"]
    assert "鑫源泰" not in told["message"]


async def test_the_name_is_looked_at_again_when_the_kind_of_company_changes(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, items=["business_licence"])
    answers = {**COMPANY, "entity_name": "济南鑫源餐饮有限公司"}
    right = await saved(phone, draft, "company", 1, answers)
    assert at_the_name(right["step"]["errors"]) == set()
    other = {"company_type": "joint_stock"}
    wrong = await saved(phone, draft, "company", right["revision"], other)
    assert at_the_name(wrong["step"]["errors"]) == {"name_form_other"}


async def test_a_name_that_is_forbidden_is_not_submitted(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, items=["business_licence"])
    revision = await complete(phone, draft)
    await save(phone, draft, "company", revision, {"entity_name": "青岛鑫源餐饮有限公司"})
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert check["ready"] is False
    assert [error["code"] for error in check["errors"]] == ["name_region_elsewhere"]


async def test_only_the_new_name_of_a_change_is_looked_at(signed_in):
    """The name that the company has already is what its licence says."""
    phone = await signed_in()
    draft = await a_draft(phone, operation="change", items=["business_licence"])
    row = {"_id": "1", "matter": "01", "before": "青岛鑫源", "after": "青岛鑫源餐饮有限公司"}
    revision = draft["revision"]
    for step in draft["steps"]:
        wanted = {"entity_name": "青岛鑫源", "change_items": ["01"], "change_details": [row]}
        asked = step["schema"]["properties"] if "schema" in step else None
        answers = {code: it for code, it in wanted.items() if asked is None or code in asked}
        revision = (await saved(phone, draft, step["key"], revision, answers))["revision"]
    now = await resumed(phone, draft)
    told = {
        (error["pointer"], error["code"])
        for step in now["steps"]
        for error in step["errors"]
        if error["code"].startswith("name_")
    }
    assert told == {("/change_details/0/after", "name_region_elsewhere")}
