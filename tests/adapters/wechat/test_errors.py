from datetime import UTC, datetime

import pytest

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.wechat.errors import BUSY, MEANINGS, TOKEN_REJECTED, failure, rid_of

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)  # half an hour before midnight in China


@pytest.mark.parametrize(
    ("errcode", "kind", "code"),
    [
        (40029, Refused, "code_invalid"),
        (40163, Refused, "code_invalid"),
        (40226, Refused, "user_blocked"),
        (45011, Refused, "too_many_requests"),
        (43101, Refused, "not_subscribed"),
        (84019, Refused, "sequence_taken"),
        (40125, Misconfigured, "app_secret_invalid"),
        (40037, Misconfigured, "template_invalid"),
        (41030, Misconfigured, "page_invalid"),
        (47003, Misconfigured, "keyword_refused"),
        (40001, Misconfigured, "token_rejected"),
        (-1, Unreachable, "system_busy"),
        (45009, Unreachable, "daily_quota"),
    ],
)
def test_each_known_number_is_one_of_the_three_errors(
    errcode: int, kind: type[Exception], code: str
) -> None:
    error = failure(errcode, "words of the peer", NOW)
    assert type(error) is kind
    assert error.code == code
    assert error.reason == "words of the peer"
    assert "words" not in str(error)


def test_an_unknown_number_is_tried_again_later() -> None:
    error = failure(99999, "?", NOW)
    assert isinstance(error, Unreachable)
    assert (error.code, error.may_have_acted) == ("unknown_99999", True)


def test_a_used_up_day_is_tried_again_after_midnight_in_china() -> None:
    error = failure(45009, "reach max api daily quota limit", NOW)
    assert isinstance(error, Unreachable)
    assert (error.retry_after_s, error.may_have_acted) == (1800, False)


def test_what_is_retried_in_the_call_is_in_the_table() -> None:
    assert MEANINGS.keys() >= (BUSY | TOKEN_REJECTED)


def test_the_peers_request_number_is_found_in_its_words() -> None:
    assert rid_of("invalid code rid: 5f325159-44411d21-1eb8b6c3") == "5f325159-44411d21-1eb8b6c3"
    assert rid_of("ok") is None
