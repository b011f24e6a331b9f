"""``python -m bench``: how fast the hot paths are, each beside a floor in the same run."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import following, growing, reading, saving, signing_in
from bench.floor import TABLES
from bench.people import OpenDraft, Phone, applicant, signed_in
from bench.rounds import Pace
from bench.samples import Samples, load_samples
from bench.saving import Drafts
from bench.stack import DATABASE, FloorSetup, Stack, running_stack
from bench.table import Line, Memory, machine, render
from tests.servers import missing_programs

PARTS = ("save", "resume", "catalogue", "login", "submit", "drafts")
PEOPLE = 400
"""Each saves at most 120 times at once and twice a second: enough of them for all the rounds."""
FILLING = 8
"""Drafts that are filled at the same time."""
SUBMITTERS = 20
LOGIN_PEOPLE = 240
"""WeChat takes a hundred logins of one person a minute."""
MEMORY_MARK_MB = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures, and for how long."""

    parts: frozenset[str]
    pace: Pace
    applications: int
    waits: int
    profile: Path | None

    @property
    def drafts(self) -> bool:
        return bool(self.parts & {"save", "resume", "drafts"})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds: a look, not a figure")
    parser.add_argument("--only", choices=PARTS, action="append", help="may be given several times")
    parser.add_argument(
        "--profile", action="store_true", help="show where the product's time goes, too"
    )
    options = parser.parse_args(arguments)
    if missing := missing_programs():
        print(f"missing here: {', '.join(missing)} (see scripts/servers.sh)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            parts=frozenset(options.only or PARTS),
            pace=Pace(3, 0.6) if options.quick else Pace(7, 1.5),
            applications=4 if options.quick else 20,
            waits=8 if options.quick else 40,
            profile=Path(folder) / "profile" if options.profile else None,
        )
        uvloop.run(_run(plan))
        if plan.profile is not None:
            print(plan.profile.read_text())
    return 0


async def _run(plan: Plan) -> None:
    _say(f"{machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
    samples = load_samples(applicant(1).sample)
    async with running_stack(plan.profile) as stack:
        stack.mariadb.execute(f"USE {DATABASE}", *TABLES)
        phones = await signed_in(stack, [applicant(number) for number in range(1, PEOPLE + 1)])
        idle_mb = stack.product.resident_mb()
        try:
            lines = await _measure(plan, stack, phones, samples)
        except BaseException:
            _say(stack.product.last_words())
            raise
        lines.append(Memory("resident memory, at the start", idle_mb, None))
        lines.append(
            Memory("resident memory, after the load", stack.product.resident_mb(), MEMORY_MARK_MB)
        )
        lines.append(Memory("resident memory of the worker", stack.worker.resident_mb(), None))
        for phone in phones:
            await phone.close()
    print(render(lines))


async def _measure(
    plan: Plan, stack: Stack, phones: Sequence[Phone], samples: Samples
) -> list[Line]:
    lines: list[Line] = []
    drafts = await _fill_drafts(stack, phones, samples) if plan.drafts else Drafts([])
    if plan.profile is not None:
        stack.product.begin_profile()
    if "save" in plan.parts:
        _say("saving")
        async with stack.floor(_floor_setup(stack, phones, [])) as floor:
            lines += await saving.measure(stack, floor, drafts, samples, plan.pace)
    # The floor is told how large the product's answers are, so it starts when these are known.
    readings = await _readings(plan, stack, drafts, samples)
    if readings:
        _say("reading")
        async with stack.floor(_floor_setup(stack, phones, readings)) as floor:
            lines += await reading.measure(stack, floor, readings, plan.pace)
    if "catalogue" in plan.parts:
        lines += [reading.cold_plans(), reading.catalogue_loads(), reading.searches()]
    if "login" in plan.parts:
        _say("signing in")
        people = [applicant(number) for number in range(1000, 1000 + LOGIN_PEOPLE)]
        async with stack.floor(_floor_setup(stack, phones, [])) as floor:
            lines.append(await signing_in.measure(stack, floor, people, plan.pace))
    if "submit" in plan.parts:
        lines += await _follow(plan, stack, phones[:SUBMITTERS], samples)
    if "drafts" in plan.parts:
        _say("saving and resuming among many drafts, and with a long past")
        lines += await growing.measure(stack, drafts.product, samples, plan.pace)
    return lines


async def _fill_drafts(stack: Stack, phones: Sequence[Phone], samples: Samples) -> Drafts:
    _say(f"filling {PEOPLE} drafts")
    filled: list[OpenDraft] = []
    for first in range(0, PEOPLE, FILLING):
        together = phones[first : first + FILLING]
        filled += await asyncio.gather(*(phone.fill_draft(samples) for phone in together))
    rows = ", ".join(f"('{draft.id}', {draft.revision}, NOW(6))" for draft in filled)
    stack.mariadb.execute(f"USE {DATABASE}", f"INSERT INTO bench_draft VALUES {rows}")  # noqa: S608 - our own ids.
    return Drafts(filled)


async def _readings(
    plan: Plan, stack: Stack, drafts: Drafts, samples: Samples
) -> list[reading.Reading]:
    readings = []
    if "resume" in plan.parts:
        readings += await reading.resumptions(stack, drafts.product)
    if "catalogue" in plan.parts:
        readings += await reading.catalogue_readings(stack, samples)
    return readings


async def _follow(
    plan: Plan, stack: Stack, phones: Sequence[Phone], samples: Samples
) -> list[Line]:
    _say("submitting and waiting")
    for phone in phones:
        await phone.prove_identity()
    owners, times = await following.measure_submitting(stack, phones, samples, plan.applications)
    waits = await following.measure_waiting(stack, owners, plan.waits)
    return [*times, *waits]


def _floor_setup(
    stack: Stack, phones: Sequence[Phone], readings: Sequence[reading.Reading]
) -> FloorSetup:
    return FloorSetup(
        port=stack.floor_port,
        mariadb_port=stack.mariadb.port,
        database=DATABASE,
        tokens=[phone.token for phone in phones],
        answers={"login": '{"bare":true}', **{one.key: one.bare for one in readings}},
        wechat={
            "url": f"{stack.environ['WECHAT_BASE_URL']}/sns/jscode2session",
            "appid": stack.environ["WECHAT_APP_ID"],
            "secret": stack.environ["WECHAT_APP_SECRET"],
        },
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
