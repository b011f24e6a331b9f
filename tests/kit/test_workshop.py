"""A file can hurt only the child that works on it."""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from kit.problems import TemporarilyUnavailable
from kit.workbench import JOB
from kit.workshop import Allowance, WorkFailed, Workshop
from tests.kit import jobs
from tests.kit.jobs import Declined, Sums
from tests.kit.workshop_parent import CONTENT_BYTES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
async def workshop() -> AsyncIterator[Workshop]:
    """One child, so that what one job did to it is seen by the next."""
    shop = Workshop(Allowance(children=1))
    yield shop
    await shop.close()


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[Allowance], Workshop]]:
    shops: list[Workshop] = []

    def open_(allowance: Allowance) -> Workshop:
        shops.append(Workshop(allowance))
        return shops[-1]

    yield open_
    for shop in shops:
        await shop.close()


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def exists(process_id: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process_id, 0)
        return True
    return False


async def until_gone(process_id: int) -> None:
    async with asyncio.timeout(20):
        while exists(process_id):
            await asyncio.sleep(0.01)


async def test_the_answer_comes_back_as_what_the_work_declares(workshop: Workshop):
    assert await workshop.run(jobs.add, 1, 2, "a", "b") == Sums(3, ("a", "b"))


async def test_one_child_does_one_job_after_the_other(workshop: Workshop):
    first = await workshop.run(jobs.process_id)
    assert await workshop.run(jobs.process_id) == first != os.getpid()


async def test_a_refusal_comes_back_as_it_was_raised_and_costs_no_child(workshop: Workshop):
    before = await workshop.run(jobs.process_id)
    with pytest.raises(Declined) as refused:
        await workshop.run(jobs.decline, "too_small")
    assert refused.value.code == "too_small"
    assert await workshop.run(jobs.process_id) == before


async def test_an_unforeseen_error_is_a_crash_whose_words_nobody_sees(
    workshop: Workshop, sensitive_values: set[str], capsys: pytest.CaptureFixture[str]
):
    sensitive_values.add("a word of the content")
    with pytest.raises(WorkFailed) as failed:
        await workshop.run(jobs.stumble, "a word of the content")
    assert failed.value.reason == "crashed"
    told = capsys.readouterr().out
    assert "KeyError" in told
    assert "stumble" in told
    assert "a word" not in told


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_a_child_that_dies_is_replaced(workshop: Workshop, number: signal.Signals):
    with pytest.raises(WorkFailed) as failed:
        await workshop.run(jobs.kill_itself, int(number))
    assert failed.value.reason == "crashed"
    assert await workshop.run(jobs.add, 1, 2) == Sums(3, ())


async def test_a_child_that_was_killed_while_it_had_nothing_to_do_costs_nobody_his_job(
    workshop: Workshop,
):
    child = await workshop.run(jobs.process_id)
    os.kill(child, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert await workshop.run(jobs.add, 1, 2) == Sums(3, ())


@pytest.mark.parametrize("work", [jobs.work_for_ever, jobs.wait_for_ever])
async def test_a_job_without_end_is_ended(
    opened: Callable[[Allowance], Workshop], work: Callable[[], None]
):
    shop = opened(Allowance(children=1, seconds_max=0.3))
    with pytest.raises(WorkFailed) as failed:
        await shop.run(work)
    assert failed.value.reason == "too_long"


async def test_a_job_beyond_its_memory_is_ended(workshop: Workshop):
    with pytest.raises(WorkFailed) as failed:
        await workshop.run(jobs.swallow, 2000)
    assert failed.value.reason == "too_large"
    assert await workshop.run(jobs.swallow, 20) == 20 * 1024 * 1024


async def test_content_beyond_its_memory_is_too_large(opened: Callable[[Allowance], Workshop]):
    shop = opened(Allowance(memory_bytes_max=120 * 1024 * 1024, content_bytes_max=1 << 40))
    endless = pieces(*(b"\1" * (1 << 20) for _ in range(200)))
    with pytest.raises(WorkFailed) as failed:
        async with shop.treating(jobs.reverse, endless, 1):
            pass
    assert failed.value.reason == "too_large"


async def test_content_beyond_the_limit_is_not_sent(opened: Callable[[Allowance], Workshop]):
    shop = opened(Allowance(content_bytes_max=5))
    with pytest.raises(WorkFailed) as failed:
        async with shop.treating(jobs.reverse, pieces(b"abc", b"def"), 1):
            pass
    assert failed.value.reason == "too_large"


async def test_content_goes_in_and_comes_out_in_pieces(workshop: Workshop):
    before = await workshop.run(jobs.process_id)
    async with workshop.treating(jobs.reverse, pieces(b"abc", b"", b"def"), 100_000) as done:
        assert (done.value, done.size) == (Sums(6, ()), 600_000)
        back = [piece async for piece in done.pieces()]
    assert b"".join(back) == b"fedcba" * 100_000
    assert len(back) > 1
    assert await workshop.run(jobs.process_id) == before


async def test_nothing_is_content_too(workshop: Workshop):
    async with workshop.treating(jobs.reverse, pieces(), 1) as done:
        assert (done.size, [piece async for piece in done.pieces()]) == (0, [])


async def test_whoever_leaves_content_behind_disturbs_nobody(workshop: Workshop):
    async with workshop.treating(jobs.reverse, pieces(b"abc"), 500_000) as done:
        await anext(done.pieces())
    assert await workshop.run(jobs.add, 1, 2) == Sums(3, ())


async def test_what_the_content_raises_goes_through(workshop: Workshop):
    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with workshop.treating(jobs.reverse, broken(), 1):
            pass
    assert await workshop.run(jobs.add, 1, 2) == Sums(3, ())


async def test_a_cancelled_caller_takes_the_child_with_him(workshop: Workshop):
    child = await workshop.run(jobs.process_id)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await workshop.run(jobs.wait_for_ever)
    await until_gone(child)
    assert await workshop.run(jobs.add, 1, 2) == Sums(3, ())


async def test_who_finds_all_children_busy_waits_and_not_too_many_do(
    opened: Callable[[Allowance], Workshop],
):
    shop = opened(Allowance(children=2, waiting_max=3))
    one, other = (shop.treating(jobs.reverse, pieces(b"abc"), 1) for _ in range(2))
    async with one, other:
        crowd = [asyncio.create_task(shop.run(jobs.add, number, 1)) for number in range(5)]
        done, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
    answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert [a.total for a in answers if isinstance(a, Sums)] == [1, 2, 3]
    assert all(isinstance(crowded.exception(), TemporarilyUnavailable) for crowded in done)
    assert [type(answer) for answer in answers[3:]] == [TemporarilyUnavailable] * 2


async def test_nobody_waits_for_ever(opened: Callable[[Allowance], Workshop]):
    shop = opened(Allowance(children=1, waiting_s=0.05))
    async with shop.treating(jobs.reverse, pieces(b"abc"), 1):
        with pytest.raises(TemporarilyUnavailable):
            await shop.run(jobs.add, 1, 2)


async def test_a_child_is_replaced_after_its_jobs(opened: Callable[[Allowance], Workshop]):
    shop = opened(Allowance(children=1, jobs_max=2))
    seen = [await shop.run(jobs.process_id) for _ in range(4)]
    assert seen[0] == seen[1] != seen[2] == seen[3]


async def test_a_child_without_work_ends(opened: Callable[[Allowance], Workshop]):
    shop = opened(Allowance(idle_s=0.01))
    await until_gone(await shop.run(jobs.process_id))
    assert await shop.run(jobs.add, 1, 2) == Sums(3, ())


async def test_closing_ends_the_children_and_whoever_comes_later_gets_a_new_one():
    shop = Workshop()
    child = await shop.run(jobs.process_id)
    busy = asyncio.create_task(shop.run(jobs.wait_for_ever))
    await asyncio.sleep(0)
    await shop.close()
    with pytest.raises(WorkFailed):
        await busy
    await until_gone(child)
    assert await shop.run(jobs.add, 1, 2) == Sums(3, ())
    await shop.close()


async def test_it_serves_one_event_loop_after_another(workshop: Workshop):
    async def crowd() -> list[Sums]:
        return await asyncio.gather(*(workshop.run(jobs.add, number, 0) for number in range(4)))

    there = await asyncio.to_thread(asyncio.run, crowd())
    assert there == await crowd() == [Sums(number, ()) for number in range(4)]


async def test_the_child_has_nothing_of_the_server(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
):
    assert not any("KEY" in name or "URL" in name for name in await workshop.run(jobs.environment))
    loaded = {name.split(".")[0] for name in await workshop.run(jobs.modules)}
    assert loaded.isdisjoint({"asyncio", "sanic", "bff", "structlog", "tortoise", "pytest"})


async def test_what_a_library_prints_gets_nowhere(
    workshop: Workshop, capfd: pytest.CaptureFixture[str]
):
    assert await workshop.run(jobs.chatter) == 1
    assert "nor this" not in "".join(capfd.readouterr())


async def test_an_answer_of_another_kind_is_not_believed(workshop: Workshop):
    with pytest.raises(WorkFailed) as failed:
        await workshop.run(jobs.lie)
    assert failed.value.reason == "crashed"


async def test_the_child_writes_no_files(workshop: Workshop, tmp_path: Path):
    with pytest.raises(WorkFailed):
        await workshop.run(jobs.write_a_file, str(tmp_path / "file"))
    assert os.stat(tmp_path / "file").st_size == 0


async def test_fifty_megabytes_do_not_lie_in_the_serving_process():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kit.workshop_parent", "measure",
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    _, told = await parent.communicate()
    back, grown_kb = map(int, told.split())
    assert back == CONTENT_BYTES
    assert grown_kb < 8 * 1024


async def test_the_child_ends_when_its_parent_is_killed_also_amid_work():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kit.workshop_parent", "work_for_ever",
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert parent.stderr is not None
    child = int(await parent.stderr.readline())
    assert exists(child)
    parent.kill()
    await parent.wait()
    await until_gone(child)


async def test_a_child_whose_parent_stands_still_is_bound_in_processor_time():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        program = "from kit.workbench import main; main(1 << 30)"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdin=theirs.fileno(), stdout=theirs.fileno(), cwd=ROOT
        )
        call = pickle.dumps((jobs.work_for_ever, (), {}))
        ours.sendall(JOB.pack(len(call), 0.0, 0) + call)
        assert await child.wait() == -signal.SIGXCPU
