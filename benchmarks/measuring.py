"""Times of two variants of one thing, taken in turn, so that a busy machine disturbs both alike."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Comparison:
    """Seconds of each call, with tenancy and without."""

    title: str
    ours: Sequence[float]
    plain: Sequence[float]

    @property
    def ratio(self) -> float:
        """How many times as long the median call takes with tenancy."""
        return median(self.ours) / median(self.plain)

    def row(self) -> str:
        p95 = [quantiles(times, n=20)[-1] for times in (self.plain, self.ours)]
        shown = [f"{1000 * seconds:.3f}" for seconds in (median(self.plain), median(self.ours), *p95)]
        return (
            f"| {self.title} | {len(self.ours):,} | {' | '.join(shown)} | {self.ratio:.2f} | {p95[1] / p95[0]:.2f} |"
        )


HEADER = (
    "| | calls of each | plain p50 ms | ours p50 ms | plain p95 ms | ours p95 ms | p50 ratio | p95 ratio |\n"
    "|---|---|---|---|---|---|---|---|"
)


def compare[T](
    title: str, items: Sequence[T], *, ours: Callable[[T], object], plain: Callable[[T], object], calls: int
) -> Comparison:
    """Call both with the same items in turn, either one first every second time. The first tenth warms up."""
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    variants = [("ours", ours), ("plain", plain)]
    gc.collect()
    for number in range(calls + calls // 10):
        item = items[number % len(items)]
        for name, call in variants if number % 2 else reversed(variants):
            started = time.perf_counter()
            call(item)
            times[name].append(time.perf_counter() - started)
    return Comparison(title, times["ours"][calls // 10 :], times["plain"][calls // 10 :])
