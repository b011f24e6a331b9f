"""Who must sign again: exactly whose documents are others now, for exactly those documents."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.mock.personas import PERSONAS
from kit.secrets import IdNumber, PersonName
from kit.text import Text
from miniprogram_api.documents.service import Content, DocumentSpec, Signer
from miniprogram_api.drafts.signing import (
    SignatureTask,
    Standing,
    counting,
    is_outdated,
    standings,
)

PEOPLE, CODES, MADE_OF = ("a", "b", "c"), ("articles", "application", "consent"), ("0", "1", "2")
NOTHING = Content("", (), (), "")
MINOR = PERSONAS["sunqi"].id_number.reveal()
"""Born on 2012-05-01."""
START = datetime(2026, 11, 22, tzinfo=UTC)

Made = dict[str, tuple[str, frozenset[str]]]
"""By code: what a document is made of, and who signs it."""
made = st.dictionaries(
    st.sampled_from(CODES),
    st.tuples(st.sampled_from(MADE_OF), st.frozensets(st.sampled_from(PEOPLE), min_size=1)),
    min_size=1,
)


def specs_of(documents: Made) -> list[DocumentSpec]:
    return [
        DocumentSpec(code, Text(code, code), made_of, signers_of(people), NOTHING, True)
        for code, (made_of, people) in sorted(documents.items())
    ]


def signers_of(people: frozenset[str]) -> tuple[Signer, ...]:
    return tuple(
        Signer(PersonName(who), IdNumber(who), None, ("shareholders",), None)
        for who in sorted(people)
    )


def index_of(signer: Signer) -> str:
    return f"index of {signer.identity}"


def asked(number: int, standing: Standing, state: str) -> SignatureTask:
    at = START + timedelta(seconds=number)
    return SignatureTask(f"{number:08}", standing.index, state, standing.missing, at)  # type: ignore[arg-type]


def round_of(documents: Made, tasks: list[SignatureTask], states: list[str]) -> list[SignatureTask]:
    """Everybody who is to be asked is asked, and does something."""
    found = standings(specs_of(documents), tasks, index_of, START)
    wanted = [one for one in found if one.is_to_be_asked]
    new = [
        asked(len(tasks) + number, one, states[number % len(states)])
        for number, one in enumerate(wanted)
    ]
    return [*tasks, *new]


states = st.lists(
    st.sampled_from(["pending", "signing", "signed", "refused"]), min_size=1, max_size=4
)


@given(st.lists(st.tuples(made, states), max_size=4), made)
def test_when_all_who_are_asked_have_signed_everything_is_signed(
    past: list[tuple[Made, list[str]]], now: Made
) -> None:
    tasks: list[SignatureTask] = []
    for documents, done in past:
        tasks = round_of(documents, tasks, done)
    # What waits is signed, what does not wait is asked for and signed.
    tasks = round_of(now, tasks, ["pending"])
    waiting = {one.task.id for one in standings(specs_of(now), tasks, index_of, START) if one.task}
    tasks = [
        SignatureTask(t.id, t.signer_index, "signed", t.documents, t.asked_at)
        if t.id in waiting
        else t
        for t in tasks
    ]
    found = standings(specs_of(now), tasks, index_of, START)
    assert {one.state for one in found} == {"signed"}
    wanted = {who for _, people in now.values() for who in people}
    assert {one.signer.identity for one in found} == {who.upper() for who in wanted}


@given(made, made)
def test_only_what_is_another_document_now_is_signed_again(before: Made, now: Made) -> None:
    tasks = round_of(before, [], ["signed"])
    again = {
        (one.signer.identity, code)
        for one in standings(specs_of(now), tasks, index_of, START)
        for code in one.missing
    }
    expected = {
        (who.upper(), code)
        for code, (made_of, people) in now.items()
        for who in people
        if (before.get(code) or ("", frozenset()))[0] != made_of or who not in before[code][1]
    }
    assert again == expected


@given(made, made)
def test_a_change_that_is_taken_back_asks_nobody(before: Made, between: Made) -> None:
    tasks = round_of(before, [], ["signed"])
    tasks = round_of(between, tasks, ["pending"])
    assert all(one.state == "signed" for one in standings(specs_of(before), tasks, index_of, START))


@given(made, states)
def test_what_waits_is_not_asked_for_twice(documents: Made, done: list[str]) -> None:
    tasks = round_of(documents, [], done)
    again = round_of(documents, tasks, ["pending"])
    refused = sum(task.state == "refused" for task in tasks)
    assert len(again) == len(tasks) + refused


@given(made, made)
def test_what_counts_is_what_is_not_outdated(before: Made, now: Made) -> None:
    tasks, specs = round_of(before, [], ["signed"]), specs_of(now)
    counts = {task.id: set(codes) for task, codes in counting(specs, tasks)}
    for task in tasks:
        whole = counts.get(task.id, set()) == set(task.documents)
        assert whole != is_outdated(specs, task)


def test_nothing_waits_for_a_signer_whom_nobody_can_check_online() -> None:
    (spec,) = specs_of({"articles": ("0", frozenset("a"))})
    guest = Signer(PersonName("b"), IdNumber("E1"), None, ("shareholders",), None, id_type="03")
    both = DocumentSpec(spec.code, spec.title, "0", (*spec.signers, guest), NOTHING, True)
    before = standings([both], [], index_of, START)
    assert [(one.state, one.is_open, one.is_to_be_asked) for one in before] == [
        ("unasked", True, True),
        ("on_paper", False, False),
    ]
    after = standings([both], [asked(1, before[0], "signed")], index_of, START)
    assert not any(one.is_open for one in after)


@pytest.mark.parametrize(
    ("roles", "at", "state"),
    [
        (("shareholders",), START, "on_paper"),
        # Past midnight of the eighteenth birthday in China.
        (("shareholders",), datetime(2030, 4, 30, 15, 59, tzinfo=UTC), "on_paper"),
        (("shareholders",), datetime(2030, 4, 30, 16, 0, tzinfo=UTC), "unasked"),
        (("shareholders", "directors"), START, "unasked"),
    ],
)
def test_a_minors_guardian_signs_on_paper_what_a_shareholder_signs(
    roles: tuple[str, ...], at: datetime, state: str
) -> None:
    minor = Signer(PersonName("a"), IdNumber(MINOR), None, roles, None, id_type="01")
    spec = DocumentSpec("articles", Text("", ""), "0", (minor,), NOTHING, True)
    (found,) = standings([spec], [], index_of, at)
    assert found.state == state
