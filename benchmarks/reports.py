"""Reports that can be compared: what was measured, and on what."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import django
import psycopg
from django.db import connection

from benchmarks.testdata import Data

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks" / "reports"


def write(name: str, data: Data, body: str) -> str:
    """Write the report called `name` and return its text."""
    facts = {"Data": str(data), "Machine": _machine(), "Versions": _versions(), "Commit": _commit()}
    lines = [f"# Benchmark: {name}", "", body, *(f"- {title}: {fact}" for title, fact in facts.items())]
    text = "\n".join(lines) + "\n"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(text)
    return text


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

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}, {datetime.now(UTC):%Y-%m-%d}"
