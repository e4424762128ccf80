"""The report of the comparison."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.peers.rows import PROJECTS, SUBTASKS, TASKS
from benchmarks.peers.systems import peer_versions
from benchmarks.plots import Plot, bars
from benchmarks.reports import Section
from benchmarks.reports import write as write_report
from benchmarks.serving import SECONDS, Case


@dataclass
class Found:
    """What was measured of a system beside a number of tenants. The lists have an entry for each run."""

    tenants: int
    system: str
    api: Case
    page: Case
    sizes: tuple[int, int]  # bytes of a response of the API and of a page
    creation: list[float]
    nothing: list[float] = field(default_factory=list)
    column: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Measurement:
    """`values` returns those of a system, one for each run."""

    name: str
    title: str
    values: Callable[[Found], Sequence[float]]
    more_is_better: bool = False

    def row(self, found: Sequence[Found]) -> str:
        """Return the medians with their ranges, and the systems whose median is near the best one."""
        medians = [median(self.values(one)) for one in found]
        top = max(medians) if self.more_is_better else min(medians)
        best = [one.system for middle, one in zip(medians, found, strict=True) if abs(middle - top) <= NEAR * top]
        cells = [
            f"{_number(middle)} ({_number(min(self.values(one)))}–{_number(max(self.values(one)))})"
            for middle, one in zip(medians, found, strict=True)
        ]
        return f"| {' | '.join([self.title, *cells, ', '.join(best)])} |"


MEASUREMENTS = (
    Measurement("api-rate", "API, 10 tasks: requests/s", lambda one: one.api.rates, more_is_better=True),
    Measurement("api-processor", "API, 10 tasks: processor ms per request", lambda one: one.api.milliseconds),
    Measurement("page-rate", "page, 10 subtasks: requests/s", lambda one: one.page.rates, more_is_better=True),
    Measurement("page-processor", "page, 10 subtasks: processor ms per request", lambda one: one.page.milliseconds),
    Measurement("creation", "creating a tenant: s", lambda one: one.creation),
    Measurement("nothing", "`migrate` without pending migrations: s", lambda one: one.nothing),
    Measurement("column", "`migrate` that adds a column: s", lambda one: one.column),
)
PLOTTED = ("api-processor", "page-processor", "creation", "column")

NEAR = 0.05  # of the best median
DIFFERENCES = Path(__file__).with_name("differences.md")


def write(found: Sequence[Found]) -> None:
    """Write `benchmarks/reports/peers.md` and its plots."""
    numbers = sorted({one.tenants for one in found})
    groups = {number: [one for one in found if one.tenants == number] for number in numbers}
    sections = {f"{number} tenants": Section(_table(group)) for number, group in groups.items()}
    sections["Plots"] = Section("Medians. Shorter bars are better.\n", _plots(groups))
    sections["What the systems do"] = Section(DIFFERENCES.read_text())
    data = f"`make bench-peers`: {' and '.join(map(str, numbers))} tenants; {peer_versions()}"
    write_report("peers", "Comparison with other packages", {"How": Section(_how(found)), **sections}, data)


def _how(found: Sequence[Found]) -> str:
    rows = f"{PROJECTS} projects, {PROJECTS * TASKS} tasks and {PROJECTS * TASKS * SUBTASKS} subtasks"
    runs = f"{len(found[0].api.rates)} runs of {SECONDS:.0f} seconds of each system in turn"
    lines = [
        f"The same task tracker with each package. Each tenant has {rows},",
        "with the same texts. Medians with the range. “Best” are the best median and those within 5 % of it.\n",
        "- Requests: one web process, two kept-alive connections of two tenants with sessions of their owners, and",
        f"  {runs}. Processor time is that of the web process. The load",
        "  generator, PostgreSQL and Redis use the same processors.",
        "- Creating a tenant includes its owner and the membership, in a process that has started already. The last",
        f"  {len(found[0].creation)} tenants count.",
        "- `migrate` is the whole command, with the start of its process. The new column of the table of subtasks is",
        "  nullable, and all tenants get it. A measurement that takes more than half a minute is not repeated.",
    ]
    return "\n".join(lines) + "\n"


def _table(found: Sequence[Found]) -> str:
    systems = [one.system for one in found]
    sizes = [f"{one.sizes[0]:,}; {one.sizes[1]:,}" for one in found]
    lines = [
        f"| | {' | '.join(systems)} | best |",
        f"|---|{'---|' * len(systems)}---|",
        *(measurement.row(found) for measurement in MEASUREMENTS),
        f"| bytes of a response, uncompressed: API; page | {' | '.join(sizes)} | |",
    ]
    return "\n".join(lines) + "\n"


def _plots(groups: dict[int, list[Found]]) -> list[Plot]:
    labels = [f"{number} tenants" for number in groups]
    systems = [one.system for one in next(iter(groups.values()))]
    plots = []
    for measurement in MEASUREMENTS:
        if measurement.name in PLOTTED:
            medians = {
                system: [median(measurement.values(group[place])) for group in groups.values()]
                for place, system in enumerate(systems)
            }
            title = measurement.title.replace("`", "")
            plots.append(bars(f"peers-{measurement.name}", title[0].upper() + title[1:], labels, medians))
    return plots


def _number(value: float) -> str:
    """Return three significant digits, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.{1 if value >= 10 else 2 if value >= 0.1 else 4}f}"
