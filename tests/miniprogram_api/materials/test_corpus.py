"""What a phone is told of files that are broken, mistaken or made to hurt."""

import time

import pytest

from tests.miniprogram_api.drafts.builders import a_draft, uploaded
from tests.miniprogram_api.materials.corpus import TAKEN, samples
from tests.miniprogram_api.materials.parts import begun, completed, files_in, sent

pytestmark = pytest.mark.one_stack

PROOF = "premises_use_proof"
SECONDS_MAX = 8.0
"""For any of them, on a machine that others use, too."""


def told(status: int, body: dict[str, object]) -> tuple[str, ...]:
    if status == 201:
        assert body["scan"] in {"waiting", "clean"}
        return (TAKEN,)
    assert status in {413, 415, 422}
    assert body["title"]
    more = body.get("reason") or body.get("found")
    if more:
        assert body["detail"]
        return str(body["code"]), str(more)
    return (str(body["code"]),)


@pytest.mark.timeout(120)
async def test_every_sample_is_taken_or_told_what_is_wrong_and_no_child_is_lost(signed_in, world):
    """At the HTTP edge, so with sniffing, child and storage; none crashes a child or makes it run
    out of memory, which would end it."""
    phone = await signed_in()
    draft = await a_draft(phone)
    wrong = []
    for sample in samples():
        begun_at = time.perf_counter()
        answer = await uploaded(phone, draft, PROOF, sample.content)
        seconds = time.perf_counter() - begun_at
        body = answer.json()
        found = told(answer.status_code, body)
        if found != sample.told or seconds > SECONDS_MAX:
            wrong.append((sample.name, found, sample.told, round(seconds, 1)))
        if answer.status_code == 201:
            path = f"/drafts/{draft['id']}/materials/{PROOF}/{body['id']}"
            assert (await phone.delete(path)).status_code == 204
    assert not wrong, wrong
    empty = await uploaded(phone, draft, PROOF, b"")
    assert told(empty.status_code, empty.json()) == ("one_file_expected",)


@pytest.mark.parametrize("name", ["a photograph of an iPhone, b'heic'", "a Word document"])
async def test_a_file_in_parts_is_told_the_same_and_again_when_asked_again(signed_in, name):
    (sample,) = [sample for sample in samples() if sample.name == name]
    chinese, english = await signed_in(), await signed_in(language="en")
    draft = await a_draft(chinese)
    upload = await begun(chinese, draft, sample.content)
    await sent(chinese, upload, sample.content)
    details = []
    for phone in (chinese, english, chinese):
        answer = await completed(phone, upload)
        assert told(answer.status_code, answer.json()) == sample.told
        details.append(answer.json()["detail"])
    assert details[0] == details[2] != details[1]
    assert await files_in(chinese, draft) == []
