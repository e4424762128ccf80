"""A copy of the tree in which each mutant is applied, tested and reverted."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.mutants.controls import Edit, Mutant

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "node_modules", "staticfiles", "docs")
NOTICED = re.compile(r"^(FAILED|ERROR) (\S+?::[^\s\[]+)(\[.*?\])?(?: - .*)?$", re.MULTILINE)
ENOUGH = 5  # tests that noticed
SECONDS = 300
URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL")


@dataclass(frozen=True)
class Result:
    """The outcome of a mutant: the tests that failed, or the reason why it could not be tested."""

    noticed: tuple[str, ...] = ()
    problem: str = ""
    seconds: float = 0

    @property
    def caught(self) -> bool:
        return bool(self.noticed) and not self.problem

    def line(self, mutant: Mutant) -> str:
        names = list(dict.fromkeys(self.noticed))
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        found = f"{len(self.noticed)}: {', '.join(names[:2])}{more}" if self.noticed else "**none: it survives**"
        return f"| {mutant.control} | {self.problem or found} | {self.seconds:.1f} |"


class Copy:
    """A copy of the tree in `folder`, with two test databases: one for most mutants, one to migrate again."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number, self.second = folder, number, 1_000_000_000
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)

    def prepare(self, tests: list[str]) -> set[str]:
        """Make the database, and return those of `tests` that fail although nothing is switched off."""
        done = self._pytest(tests, "mutants", create=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"The tests do not run:\n{done.stdout[-4000:]}")
        return {name + parameters for _, name, parameters in NOTICED.findall(done.stdout)}

    def attempt(self, mutant: Mutant, *, without: set[str]) -> Result:
        """Make the mutant, run its tests except those `without`, take it back."""
        started = time.perf_counter()
        tests = [test for test in mutant.tests if not any(red.startswith(test) for red in without)]
        if not tests:
            return Result(problem="**not tried**: its tests fail anyway")
        before = {edit.file: (self.folder / edit.file).read_text() for edit in mutant.edits}
        try:
            for edit in mutant.edits:
                self._apply(edit)
            noticed, problem = self._try(mutant, tests)
        except ValueError as error:
            noticed, problem = (), str(error)
        finally:
            for file, text in before.items():
                self._write(file, text)
        return Result(noticed, problem, time.perf_counter() - started)

    def _apply(self, edit: Edit) -> None:
        text = (self.folder / edit.file).read_text()
        if text.count(edit.old) != 1:
            raise ValueError(f"**broken**: {edit.file} has {text.count(edit.old)} times {edit.old!r}")
        self._write(edit.file, text.replace(edit.old, edit.new))

    def _write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.write_text(text)
        # Python distinguishes compiled files by second and size, and a mutant may be as long as what it replaces.
        self.second += 1
        os.utime(path, (self.second, self.second))

    def _try(self, mutant: Mutant, tests: list[str]) -> tuple[tuple[str, ...], str]:
        database = None if mutant.servers else "changed" if mutant.schema else "mutants"
        done = self._pytest(tests, database, f"--maxfail={ENOUGH}", create=mutant.schema or mutant.servers)
        if done.returncode == 0:
            return (), ""
        found = NOTICED.findall(done.stdout)
        # An error before the test begins is a fault of the mutant, such as a syntax error, unless `at_start` is set.
        noticed = tuple(name.rpartition("::")[2] for kind, name, _ in found if kind == "FAILED" or mutant.at_start)
        if done.returncode != 1 or not noticed:
            return (), f"**broken**: {' '.join(done.stdout[-300:].split())}"
        return noticed, ""

    def _pytest(self, tests: list[str], database: str | None, *options: str, create: bool) -> "Done":
        command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=line", "-p", "no:cacheprovider", "--reuse-db"]
        if create:
            command.append("--create-db")
        try:
            return subprocess.run(
                [*command, *options, *dict.fromkeys(tests)],
                cwd=self.folder,
                env=self._environment(database),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise ValueError(f"**broken**: still running after {SECONDS} s") from late

    def _environment(self, database: str | None) -> dict[str, str]:
        environment = {**os.environ, "COLUMNS": "400"}  # or pytest cuts the names of the tests
        environment.pop("PYTEST_ADDOPTS", None)
        if database is None:  # separate servers, with roles created by the mutant
            for variable in (*URLS, "REDIS_URL", *(name for name in environment if name.startswith("S3_"))):
                environment.pop(variable, None)
            return {**environment, "DATA_DIR": str(self.folder / "servers")}
        for variable in URLS:
            url = urlsplit(environment[variable])
            environment[variable] = url._replace(path=f"/{database}_{self.number}").geturl()
        return environment


type Done = subprocess.CompletedProcess[str]
