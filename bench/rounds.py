"""Two servers in turn, in short rounds: A B, B A, A B, so that noise disturbs both alike."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.stack import Server
from bench.wire import Load, Visitor, drive

CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Pace:
    rounds: int
    seconds: float
    """Of one side's round."""


@dataclass(slots=True)
class Side:
    server: Server
    visitors: Sequence[Visitor]
    loads: list[Load] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    async def round(self, seconds: float) -> None:
        before_s = self.server.program.cpu_s()
        self.loads.append(await drive(self.server.port, self.visitors, seconds))
        self.cpu_s.append(self.server.program.cpu_s() - before_s)

    def forget(self) -> None:
        self.loads.clear()
        self.cpu_s.clear()

    @property
    def rate(self) -> float:
        """Requests a second, the median of the rounds."""
        return statistics.median(load.rate for load in self.loads)

    @property
    def cpu_us(self) -> float:
        """The serving process's own time for one request: what noise disturbs least."""
        costs = [cpu_s / load.requests for cpu_s, load in zip(self.cpu_s, self.loads, strict=True)]
        return statistics.median(costs) * 1e6

    def wait_ms(self, percent: int) -> float:
        return percentile([wait for load in self.loads for wait in load.waits_s], percent) * 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. A ratio is the product's rate to the floor's in one pair of rounds."""

    name: str
    product: Side
    floor: Side
    mark: float | None

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.product.loads, self.floor.loads, strict=True)
        return [product.rate / floor.rate for product, floor in pairs]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool | None:
        return None if self.mark is None else self.ratio >= self.mark


async def compare(
    name: str, product: Side, floor: Side, pace: Pace, mark: float | None = None
) -> Figure:
    for side in (product, floor):
        await side.round(min(0.5, pace.seconds))
        side.forget()
    for number in range(pace.rounds):
        for side in (product, floor) if number % 2 == 0 else (floor, product):
            await side.round(pace.seconds)
    return Figure(name, product, floor, mark)


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
