"""Measures the four systems with few and with many tenants."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.peers.report import Found, write
from benchmarks.peers.systems import PAGE, SYSTEMS, System
from benchmarks.serving import WARM_UP_SECONDS, Case

TENANTS = [int(text) for text in (os.environ.get("PEERS_TENANTS") or "20 500").split()]  # fewer for a quick look
ROUNDS = int(os.environ.get("PEERS_ROUNDS") or 5)  # fewer, too
NEWEST = 20  # tenants whose creation counts: those that were created when most others existed
MIGRATIONS, MIGRATION_SECONDS = 3, 30  # runs of each, and fewer if they take longer


def compare() -> None:
    """Measure, and write the report. Needs DATABASE_OWNER_URL and empty servers."""
    for system in SYSTEMS:
        system.prepare()
    found: list[Found] = []
    for first, tenants in zip([0, *TENANTS], TENANTS, strict=False):
        found += _measure(first, tenants)
    write(found)


def _measure(first: int, tenants: int) -> list[Found]:
    creation = {}
    for system in SYSTEMS:
        _tell(f"{tenants} tenants, {system.title}: creating them")
        if first:
            system.remove_column()  # which the measurement with fewer tenants has added
        creation[system.name] = system.fill(first, tenants)[-NEWEST:]
        system.vacuum()
    _tell(f"{tenants} tenants: requests")
    found = _serve(tenants, creation)
    for system, one in zip(SYSTEMS, found, strict=True):
        _tell(f"{tenants} tenants, {system.title}: migrations")
        one.nothing += _repeat(system.migrate)
        one.column += _repeat(lambda system=system: system.migrate(column=True), undo=system.remove_column)
    return found


def _serve(tenants: int, creation: dict[str, list[float]]) -> list[Found]:
    """Measure requests, one system after the other in each round."""
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        found = [_start(system, tenants, running, Path(folder), creation[system.name]) for system in SYSTEMS]
        cases = [case for kind in ("api", "page") for case in (getattr(one, kind) for one in found)]
        for case in cases:
            case.run(WARM_UP_SECONDS)
        for _ in range(ROUNDS):
            for case in cases:
                case.measure()
    return found


def _start(system: System, tenants: int, running: ExitStack, folder: Path, creation: list[float]) -> Found:
    server = running.enter_context(system.serving(folder))
    api, page = (Case(path, system.requests(path), server) for path in (system.api, PAGE))
    return Found(tenants, system.title, api, page, system.sizes(server.port), creation)


def _repeat(call: Callable[[], None], *, undo: Callable[[], None] = lambda: None) -> list[float]:
    """Return the seconds of each call. `undo` runs between two calls and does not count."""
    times: list[float] = []
    while len(times) < MIGRATIONS and sum(times) < MIGRATION_SECONDS:
        if times:
            undo()
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return times


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
