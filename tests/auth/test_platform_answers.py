"""What becomes of a platform's refusals and silences, and of a unit that lost a race."""

import pytest
from tortoise.exceptions import IntegrityError

from adapters.errors import Misconfigured, Refused, Unreachable
from auth.platform_answers import asked, too_many_requests
from auth.problems import LoginCodeInvalid, LoginRefused
from kit.database.unit import TRIES, until_committed
from kit.problems import Problem, TemporarilyUnavailable, TooManyRequests


async def problem_of(error: Exception) -> Problem:
    async def peer() -> None:
        raise error

    refusals = {"code_invalid": LoginCodeInvalid(), "too_many_requests": too_many_requests()}
    with pytest.raises(Problem) as refusal:
        await asked(peer(), refusals, otherwise=LoginRefused())
    return refusal.value


async def test_known_refusals_have_their_problem_and_others_a_common_one():
    assert isinstance(await problem_of(Refused("wechat", "code_invalid")), LoginCodeInvalid)
    assert isinstance(await problem_of(Refused("wechat", "something_new")), LoginRefused)
    too_many = await problem_of(Refused("wechat", "too_many_requests"))
    assert isinstance(too_many, TooManyRequests)
    assert too_many.headers == {"Retry-After": "60"}


async def test_silence_and_our_own_mistakes_are_temporary_for_the_caller():
    silence = await problem_of(Unreachable("wechat", "timeout", retry_after_s=7.4))
    assert isinstance(silence, TemporarilyUnavailable)
    assert silence.headers == {"Retry-After": "7"}
    assert isinstance(
        await problem_of(Misconfigured("wechat", "app_secret_invalid")), TemporarilyUnavailable
    )


async def test_what_the_peer_said_of_a_person_does_not_reach_anybody():
    problem = await problem_of(Refused("wechat", "something_new", "openid oAbC blocked"))
    assert "oAbC" not in str(problem.document("zh", instance="", trace_id=""))


class Unit:
    """Fails as often as it is told to."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.runs = failures, error, 0

    async def __call__(self) -> str:
        self.runs += 1
        if self.runs <= self.failures:
            raise self.error
        return "done"


async def test_a_lost_race_is_run_again():
    unit = Unit(TRIES - 1, IntegrityError("duplicate"))
    assert await until_committed(unit) == "done"
    assert unit.runs == TRIES


async def test_a_race_that_is_lost_again_and_again_is_given_up():
    with pytest.raises(TemporarilyUnavailable):
        await until_committed(Unit(TRIES, IntegrityError("duplicate")))


async def test_other_faults_are_not_repeated():
    unit = Unit(1, ValueError("a fault of ours"))
    with pytest.raises(ValueError, match="ours"):
        await until_committed(unit)
    assert unit.runs == 1
