"""Fails a test, or the run, in whose output a personal or secret value shows.

What nobody may print is in ``sensitive_values``: builders add what they make up, and what the
product and the simulators make up is learnt on the way (:mod:`tests.learning`). After each test
everything captured from it (stdout, stderr, log at every level) and the logs of the processes it
started below its ``tmp_path``, or of a shared ``MockProcess``, are searched; a log that lies
elsewhere is searched by ``log_guard.examine(text, where)``. When the run is over all of it is
searched once more, for what became known only after it had been printed.

Whatever a report contains travels from one process of the run to another: what cannot be written
in UTF-8 is replaced on the way, and a guard that fails is a test that fails. Either would otherwise
end the whole run without a word about the test.
"""

import json
import zlib
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from bff.installs import logging
from bff.mock.world import World
from tests.learning import Learning, files_below
from tests.processes import MockProcess

_GUARD = pytest.StashKey["LogGuard"]()
_START = 8
"""Longer values are found by their first characters: there are thousands of them."""
_WORKER_OUTPUT = "log_guard"


class LogGuard:
    """Knows what nobody may print. Says which place showed it, never the value."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.late: list[str] = []
        """Places that were found when the run was over."""
        self._indexed: set[str] = set()
        self._short: set[str] = set()
        self._long: dict[str, set[str]] = {}
        self._reported: set[str] = set()
        self._kept: list[tuple[str, bytes]] = []

    def leaks(self, text: str) -> int:
        """How many values it shows, as they are or as JSON and addresses write them."""
        self._index()
        found = {form for form in self._short if form in text}
        for at in range(len(text) - _START + 1):
            if candidates := self._long.get(text[at : at + _START]):
                found |= {form for form in candidates if text.startswith(form, at)}
        return len(found)

    def examine(self, text: str, where: str) -> None:
        self.keep(text, where)
        found = self.leaks(text)
        assert not found, f"{where} shows {found} of the values that nobody may print"

    def keep(self, text: str, where: str) -> None:
        """For the search when the run is over."""
        if text:
            self._kept.append((where, zlib.compress(text.encode("utf-8", "replace"))))

    def watch(self, watching: pytest.MonkeyPatch) -> None:
        """What a test reads of its own output is not among what is captured any more."""
        guard, read = self, pytest.CaptureFixture.readouterr

        def watched_read(fixture: pytest.CaptureFixture[str]) -> Any:
            captured = read(fixture)
            node_id = fixture.request.node.nodeid
            for text in captured:
                guard.keep(str(text), f"{node_id}: what it read of its output")
            return captured

        watching.setattr(pytest.CaptureFixture, "readouterr", watched_read)

    def report(self, where: str) -> None:
        """Has been told already."""
        self._reported.add(where)

    def examine_all(self) -> None:
        """Everything that was kept, with all that is known by now."""
        for where, packed in self._kept:
            if where not in self._reported and self.leaks(zlib.decompress(packed).decode()):
                self._reported.add(where)
                self.late.append(where)

    def _index(self) -> None:
        for value in self.values - self._indexed:
            self._indexed.add(value)
            quoted = _in_utf8(value)
            for form in {value, json.dumps(value)[1:-1], quote(quoted), quote(quoted, safe="")}:
                if len(form) >= _START:
                    self._long.setdefault(form[:_START], set()).add(form)
                elif form:
                    self._short.add(form)


class LogGuardPlugin:
    def __init__(self, guard: LogGuard, learning: Learning) -> None:
        self._guard = guard
        self._learning = learning

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        _make_portable(report)
        if fault := self._fault_of(item, report):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: {fault}"
        return report

    def _fault_of(self, item: pytest.Item, report: pytest.TestReport) -> str | None:
        try:
            self._learn_worlds(item)
            showing = list(self._showing(item, report)) if report.when == "teardown" else []
        except Exception as fault:  # noqa: BLE001 – an error in a hook ends the run
            return f"the log guard failed: {_in_utf8(repr(fault))}"
        return f"a personal value is visible in: {', '.join(showing)}" if showing else None

    def _showing(self, item: pytest.Item, report: pytest.TestReport) -> Iterator[str]:
        """The titles of what shows a value."""
        for title, content in (*report.sections, *self._logs_of(item)):
            where = f"{item.nodeid}: {title}"
            self._guard.keep(content, where)
            if self._guard.leaks(content):
                self._guard.report(where)
                yield title

    def _learn_worlds(self, item: pytest.Item) -> None:
        """As soon as they are there: with the last of the tests that share one its folder goes."""
        for value in getattr(item, "funcargs", {}).values():
            world = getattr(value, "world", value)
            if isinstance(world, World):
                self._learning.world(world)

    def _logs_of(self, item: pytest.Item) -> Iterator[tuple[str, str]]:
        """What the test's own processes wrote; their secrets are learnt before anything else."""
        given: dict[str, Any] = getattr(item, "funcargs", {})
        for folder in _folders_of_processes(given):
            self._learning.folder(folder)
            for log in sorted(files_below(folder)):
                if log.suffix == ".log":
                    yield f"log {log.name}", log.read_text("utf-8", "replace")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._guard.examine_all()
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            # A process of xdist: the one that leads them tells it.
            output[_WORKER_OUTPUT] = self._guard.late
        elif self._guard.late:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        self._guard.late += getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for where in self._guard.late:
            terminalreporter.write_line(f"LEAKED, known only later: {where}", red=True)


def _make_portable(report: pytest.TestReport) -> None:
    report.sections = [(title, _in_utf8(content)) for title, content in report.sections]
    said = report.longreprtext
    if said != _in_utf8(said):
        report.longrepr = _in_utf8(said)


def _in_utf8(text: str) -> str:
    """Without the halves of characters that a test may have printed."""
    return text.encode("utf-8", "replace").decode()


def _folders_of_processes(given: Mapping[str, object]) -> Iterator[Path]:
    """The test's own, and those of mocks that it shares with others."""
    folder = given.get("tmp_path")
    if isinstance(folder, Path) and folder.exists():
        yield folder
    for value in given.values():
        if isinstance(value, MockProcess):
            yield value.folder


def pytest_configure(config: pytest.Config) -> None:
    # As in production, but at every level, and printed where each test's output is captured.
    structlog.configure(
        processors=logging.processors(),
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    guard = config.stash[_GUARD] = LogGuard()
    learning = Learning(guard.values)
    watching = pytest.MonkeyPatch()
    learning.watch(watching)
    guard.watch(watching)
    config.add_cleanup(watching.undo)
    config.pluginmanager.register(LogGuardPlugin(guard, learning))


@pytest.fixture(scope="session")
def log_guard(pytestconfig: pytest.Config) -> LogGuard:
    return pytestconfig.stash[_GUARD]


@pytest.fixture(scope="session")
def sensitive_values(log_guard: LogGuard) -> set[str]:
    """Add every made-up name, number, phone, answer, code and token here."""
    return log_guard.values
