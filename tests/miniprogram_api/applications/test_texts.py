"""Every line of the log can be read, in both languages."""

import re
from datetime import UTC, datetime

import pytest

from miniprogram_api.applications.log import Body, Line
from miniprogram_api.applications.states import ENDED, ApplicationState, MatterState
from miniprogram_api.applications.texts import text_of

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ITEMS = ["business_licence", "seal"]


def a_line(kind: str, body: Body, matter: str | None = None) -> Line:
    return Line("e" * 32, 2, kind, matter, body, None, AT)


LINES = [
    *(a_line("state", Body(state=s, now=s), "seal") for s in MatterState),
    *(a_line("state", Body(state=s, now=s, items=ITEMS)) for s in MatterState),
    *(a_line("application", Body(state=s, now=s)) for s in ENDED),
    a_line("application", Body(state=ApplicationState.SUBMITTED, items=ITEMS)),
    a_line("state", Body(state="correction_required", now="correction_required", points=3), "seal"),
    a_line("certificate", Body(name="营业执照"), "seal"),
    a_line("overdue", Body(due_at=AT), "seal"),
    a_line("oddity", Body(state="accepted", why="late"), "seal"),
    a_line("oddity", Body(state="accepted", why="illegal"), "seal"),
    a_line("oddity", Body(state="unknown", why="unknown_state"), "seal"),
    a_line("oddity", Body(state="accepted", why="unknown_item")),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.kind} {line.body.state}")
def test_a_line_says_something_whole(line: Line):
    text = text_of(line, "印章刻制" if line.matter else None)
    for sentence in text:
        assert sentence
        assert not re.search(r"[{}]|None", sentence)
        assert sentence.startswith("印章刻制") == (line.matter is not None)
    assert re.search(r"[\u4e00-\u9fff]", text.zh)


def test_what_concerns_several_matters_says_how_many():
    line = a_line("state", Body(state="forwarded", now="forwarded", items=ITEMS))
    assert "2个事项" in text_of(line, None).zh
