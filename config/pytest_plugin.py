"""Starts the embedded servers that the environment does not name, before pytest-django reads the settings.

The xdist controller starts them; its workers find the variables in their environment.

Tests that need programs without a wheel are marked: `@pytest.mark.needs_program("pgbouncer")`. Without the program the
test is skipped, which the summary reports in red; with REQUIRE=pgbouncer in the environment it fails instead.
"""

import os
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from config import services
from config.environment import TEST_PROGRAMS, read
from config.services.server import SYSTEM_PATH

ROOT = Path(__file__).resolve().parents[1]
# Programs that have several names, the best first: the headless shell needs a third of the processor time of Chromium.
NAMES = {"browser": ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")}
MISSING = "is not installed"
MOST_WORKERS = 8  # each has connections to PostgreSQL, and so have the processes that its tests start


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    # Separate servers for tests: they may lose data in a crash of the machine, which makes them several times faster.
    os.environ.setdefault("DATA_DIR", str(ROOT / ".data" / "tests"))
    os.environ.setdefault("EMBEDDED_FSYNC", "0")
    # The jobs of one run never reach the workers of another, such as those of parallel test runs.
    os.environ["BROKER_PREFIX"] = f"test-{uuid4().hex}:"
    services.ensure(owner=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    pytest.register_assert_rewrite("tenancy.testing")  # conftests import it before it is a plugin


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # xdist has one too, and may be switched off
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return two for each processor: half of the time, tests wait for processes that they have started."""
    return min(2 * (os.cpu_count() or 1), MOST_WORKERS)


def find_program(name: str) -> str | None:
    """Return the path of a program, None when it is not installed."""
    folders = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"  # on Debian pgbouncer is not in the PATH of most users
    found = (shutil.which(each, path=folders) for each in NAMES.get(name, (name,)))
    return next((path for path in found if path), None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = read("REQUIRE")
    for marker in item.iter_markers("needs_program"):
        for name in marker.args:
            if find_program(name):
                continue
            message = f"{name} {MISSING}: {TEST_PROGRAMS[name]}"
            if name in required:
                pytest.fail(f"{message} (REQUIRE={os.environ['REQUIRE']})", pytrace=False)
            pytest.skip(message)  # and pytest_terminal_summary() says so in red


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if MISSING in reason:
            left_out.setdefault(reason, []).append(report.nodeid)
    for reason, tests in left_out.items():
        files = ", ".join(sorted({test.partition("::")[0] for test in tests}))
        terminalreporter.write_line(f"LEFT OUT: {len(tests)} tests of {files}. {reason}", red=True, bold=True)
