"""Runs a module and samples where its processor time goes, from the first SIGUSR1 on.

``python -m bench.profiled OUT MODULE ...`` writes two lists: functions by the time in themselves,
and with all that they call. Sampling leaves the proportions as they are; a profiler
that stops at every call makes short functions look dear.
"""

import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.001
"""Of processor time."""
LINES = 60
ROOT = f"{Path(__file__).resolve().parent.parent}/"


class Samples:
    def __init__(self) -> None:
        self._count = 0
        self._own: Counter[str] = Counter()
        self._whole: Counter[str] = Counter()

    def take(self, _: int, frame: FrameType | None) -> None:
        self._count += 1
        seen: set[str] = set()
        while frame is not None:
            code = frame.f_code
            place = f"{code.co_filename.removeprefix(ROOT)}:{code.co_qualname}"
            if not seen:
                self._own[place] += 1
            seen.add(place)
            frame = frame.f_back
        self._whole.update(seen)

    def report(self) -> str:
        lines = []
        for title, counter in (("in itself", self._own), ("with what it calls", self._whole)):
            lines.append(f"\n% of {self._count} samples, {title}")
            for place, count in counter.most_common(LINES):
                lines.append(f"{100 * count / max(1, self._count):5.1f}  {place}")
        return "\n".join(lines)


def main() -> None:
    out, module, *arguments = sys.argv[1:]
    samples = Samples()

    def begin(*_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)

    signal.signal(signal.SIGPROF, samples.take)
    signal.signal(signal.SIGUSR1, begin)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(out).write_text(samples.report())


if __name__ == "__main__":
    main()
