"""`python -m tests.mutants [WORD …]`: mutation testing. It disables one control at a time; a test must fail each time.

Works on copies of the tree, with separate servers that are deleted afterwards. WORDs choose the controls whose names
contain one of them. Exits with 1 when a mutant survives, and when one can no longer be made or tried: its old text is
gone, its tests are, or they fail without it.
"""

import os
import queue
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.servers import run_alone
from tests.mutants.controls import IN_THE_DATABASE, ON_THE_WAY_TO_IT, Mutant
from tests.mutants.controls_in_python import IN_REQUESTS, IN_THE_CACHE, IN_THE_ORM
from tests.mutants.controls_of_actions import OF_ACTING
from tests.mutants.controls_of_boards import OF_BOARDS
from tests.mutants.controls_of_clients_and_secrets import OF_CLIENTS, OF_NAMES, OF_SECRETS
from tests.mutants.controls_of_costs import OF_COSTS
from tests.mutants.controls_of_files import OF_FILES
from tests.mutants.controls_of_jobs import OF_JOBS
from tests.mutants.controls_of_leaving import OF_LEAVING
from tests.mutants.controls_of_members import OF_MEMBERS
from tests.mutants.controls_of_people import OF_PEOPLE
from tests.mutants.controls_of_planes import OF_PLANES
from tests.mutants.controls_of_refusals import OF_REFUSALS
from tests.mutants.controls_of_routes import OF_ROUTES
from tests.mutants.controls_of_settings import OF_SETTINGS
from tests.mutants.controls_of_slow_clients import OF_SLOW_CLIENTS
from tests.mutants.controls_of_sockets import OF_SOCKETS
from tests.mutants.controls_of_task_pages import OF_TASK_PAGES
from tests.mutants.controls_of_the_product import IN_THE_PRODUCT
from tests.mutants.controls_of_tokens import OF_TOKENS
from tests.mutants.runner import Copy, Result

MUTANTS = [
    *(
        *IN_THE_DATABASE,
        *ON_THE_WAY_TO_IT,
        *IN_THE_ORM,
        *OF_PLANES,
        *IN_REQUESTS,
        *OF_TOKENS,
        *OF_MEMBERS,
        *IN_THE_CACHE,
    ),
    *(*OF_ACTING, *OF_PEOPLE, *OF_LEAVING, *OF_SETTINGS, *OF_REFUSALS),
    *(*OF_CLIENTS, *OF_SECRETS, *OF_NAMES),
    *(*OF_JOBS, *IN_THE_PRODUCT, *OF_ROUTES, *OF_FILES, *OF_SOCKETS, *OF_BOARDS, *OF_TASK_PAGES),
    *OF_COSTS,
    *OF_SLOW_CLIENTS,
]
COPIES = 2
FOLDER = "MUTANTS_FOLDER"


def main(words: list[str]) -> int:
    mutants = [mutant for mutant in MUTANTS if not words or any(word in mutant.control for word in words)]
    if not mutants:
        sys.stderr.write(f"No control is called {' or '.join(words)}.\n")
        return 2
    if folder := os.environ.get(FOLDER):
        started = time.perf_counter()
        return report(mutants, try_all(mutants, Path(folder)), time.perf_counter() - started)
    return run_alone("tests.mutants", words, variable=FOLDER, EMBEDDED_FSYNC="0")


def try_all(mutants: list[Mutant], folder: Path) -> dict[str, Result]:
    """Test the mutants in two copies of the tree in parallel, and return the outcome of each."""
    number = min(COPIES, len(mutants))
    copies = [Copy(folder / f"copy-{place}", place) for place in range(number)]
    with ThreadPoolExecutor(number) as pool:
        # A test that fails without the mutant proves nothing.
        shares = [[test for mutant in mutants[copy.number :: number] for test in mutant.tests] for copy in copies]
        red = set().union(*pool.map(Copy.prepare, copies, shares))
        for test in sorted(red):
            sys.stderr.write(f"Fails without any mutant: {test}\n")
        waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
        # Slow mutants first, so that both cores are busy until the end.
        for mutant in sorted(mutants, key=lambda mutant: (not mutant.servers, not mutant.schema)):
            waiting.put(mutant)
        parts = pool.map(lambda copy: dict(work(copy, waiting, red)), copies)
        return {control: result for part in parts for control, result in part.items()}


def work(copy: Copy, waiting: "queue.SimpleQueue[Mutant]", red: set[str]) -> Iterator[tuple[str, Result]]:
    while not waiting.empty():
        try:
            mutant = waiting.get_nowait()
        except queue.Empty:
            return
        result = copy.attempt(mutant, without=red)
        sys.stderr.write(f"{result.line(mutant)}\n")
        yield mutant.control, result


def report(mutants: list[Mutant], results: dict[str, Result], seconds: float) -> int:
    write = sys.stdout.write
    write("\n| control | tests that noticed | seconds |\n|---|---|---|\n")
    for mutant in mutants:
        write(f"{results[mutant.control].line(mutant)}\n")
    bad = sum(not results[mutant.control].caught for mutant in mutants)
    write(f"\n{len(mutants) - bad} of {len(mutants)} mutants were caught, in {seconds:.0f} s.\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
