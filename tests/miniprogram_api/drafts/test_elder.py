"""A draft filled in page by page, for elder people, is the draft that the steps make."""

from tests.miniprogram_api.drafts.builders import a_draft, resumed, sample_steps, saved

ITEMS = ["business_licence", "seal"]


async def test_answers_given_page_by_page_make_the_same_draft(signed_in):
    phone = await signed_in()
    by_steps, by_pages = await a_draft(phone, items=ITEMS), await a_draft(phone, items=ITEMS)
    steps = await sample_steps(phone, by_steps)
    revisions = {"steps": by_steps["revision"], "pages": by_pages["revision"]}
    for key, answers in steps.items():
        reply = await saved(phone, by_steps, key, revisions["steps"], answers)
        revisions["steps"] = reply["revision"]
    path = f"/drafts/{by_pages['id']}?ui=elder"
    for page in (await phone.get(path)).json()["plan"]["pages"]:
        if page["field"] in steps[page["step"]]:
            answer = {page["field"]: steps[page["step"]][page["field"]]}
            reply = await saved(phone, by_pages, page["step"], revisions["pages"], answer)
            revisions["pages"] = reply["revision"]
    one, other = await resumed(phone, by_steps), await resumed(phone, by_pages)
    assert one["progress"] == other["progress"]
    for first, second in zip(one["steps"], other["steps"], strict=True):
        assert first["key"] == second["key"]
        assert first["answers"] == second["answers"]
        assert (first["state"], first["errors"]) == (second["state"], second["errors"])
    checks = [(await phone.post(f"/drafts/{draft['id']}/check")).json() for draft in (one, other)]
    assert checks[0] == checks[1]


async def test_the_two_faces_of_a_draft_have_different_etags(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, items=ITEMS)
    path = f"/drafts/{draft['id']}"
    standard, elder = await phone.get(path), await phone.get(f"{path}?ui=elder")
    assert "pages" not in standard.json()["plan"]
    assert elder.json()["plan"]["pages"]
    unchanged = await phone.get(
        f"{path}?ui=elder", headers={"If-None-Match": elder.headers["ETag"]}
    )
    other = await phone.get(f"{path}?ui=elder", headers={"If-None-Match": standard.headers["ETag"]})
    assert (unchanged.status_code, other.status_code) == (304, 200)
    assert (await phone.get(f"{path}?ui=tiny")).status_code == 422


async def test_what_is_only_worth_knowing_is_told_and_stops_nothing(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, items=["business_licence"])
    steps = await sample_steps(phone, draft)
    assert steps["company"]["company_type"] == "limited_natural_sole"
    reply = await saved(phone, draft, "company", draft["revision"], steps["company"])
    assert reply["step"]["state"] == "complete"
    assert "no_capital_verification" in {one["code"] for one in reply["step"]["remarks"]}
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert "sole_shareholder_decides_in_writing" in {one["code"] for one in check["remarks"]}
