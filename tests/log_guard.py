"""Fails a test whose output or log shows a personal value that the tests made up.

Builders add what they make up to ``sensitive_values`` before the product sees it. After each test
everything captured from it (stdout, stderr, log) is searched. What another process printed is
searched by ``log_guard.examine(text, where)``.
"""

from collections.abc import Generator

import pytest
import structlog

from bff.installs import logging

_GUARD = pytest.StashKey["LogGuard"]()


class LogGuard:
    """Knows what nobody may print. Says which kind of place showed it, never the value."""

    def __init__(self) -> None:
        self.values: set[str] = set()

    def leaks(self, text: str) -> int:
        return sum(1 for value in self.values if value and value in text)

    def examine(self, text: str, where: str) -> None:
        found = self.leaks(text)
        assert not found, f"{where} shows {found} of the personal values made up by the tests"


def pytest_configure(config: pytest.Config) -> None:
    # As in production, but printed where each test's output is captured.
    structlog.configure(
        processors=logging.processors(),
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    config.stash[_GUARD] = LogGuard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when != "teardown":
        return report
    guard = item.config.stash[_GUARD]
    showing = [title for title, content in report.sections if guard.leaks(content)]
    if showing:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: a personal value is visible in: {', '.join(showing)}"
    return report


@pytest.fixture(scope="session")
def log_guard(pytestconfig: pytest.Config) -> LogGuard:
    return pytestconfig.stash[_GUARD]


@pytest.fixture(scope="session")
def sensitive_values(log_guard: LogGuard) -> set[str]:
    """Add every made-up name, number, phone, answer, code and token here."""
    return log_guard.values
