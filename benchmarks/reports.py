"""Reports that can be compared: what was measured, and on what."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
import psycopg
from django.db import connection

from benchmarks.plots import Plot

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks" / "reports"


@dataclass(frozen=True)
class Section:
    """What a benchmark found, as Markdown, and the plots after it."""

    text: str
    plots: Sequence[Plot] = ()

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"{plot}\n" for plot in self.plots)])


def write(name: str, title: str, sections: Mapping[str, Section], data: str) -> None:
    """Write `reports/<name>.md` with its plots. `data` tells what was measured, and how to create it again."""
    facts = {"Commit": _commit(), "Data": data, "Machine": _machine(), "Versions": _versions()}
    (FOLDER / "plots").mkdir(parents=True, exist_ok=True)
    for section in sections.values():
        for plot in section.plots:
            (FOLDER / "plots" / f"{plot.name}.svg").write_text(plot.svg)
    lines = [f"# {title}\n", *(f"- {fact}: {text}" for fact, text in facts.items()), ""]
    lines += [f"## {heading}\n\n{section}" for heading, section in sections.items()]
    (FOLDER / f"{name}.md").write_text("\n".join(lines))


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {_processor()}, {memory:.0f} GiB memory; load {load:.1f} at the end"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _versions() -> str:
    connection.ensure_connection()
    number = connection.connection.info.server_version
    return (
        f"Python {platform.python_version()}, Django {django.get_version()}, psycopg {psycopg.__version__}, "
        f"PostgreSQL {number // 10000}.{number % 10000}"
    )


def _commit() -> str:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # constants
        return done.stdout.strip()

    status = git("status", "--porcelain", "--untracked-files=no", "--", ":!benchmarks/reports")
    changed = " with changes" if status else ""
    return f"{git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}, {datetime.now(UTC):%Y-%m-%d}"
