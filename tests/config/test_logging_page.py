"""docs/logging.md lists the fields of the log, and each line that is written with an active tenant names it."""

import re
from pathlib import Path

import pytest
import structlog

from tenancy.context import no_tenant, tenant_context
from tests.isolation.test_secrets_in_logs import lines  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "logging.md").read_text()


def documented_fields():
    table = PAGE.partition("## Fields")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_fields_of_a_request_are_on_the_page(client, bob, lines):  # noqa: F811
    client.as_(bob).get("/api/v1/projects/", headers={"User-Agent": "tests"})
    written = lines()
    assert {line["event"] for line in written} == {"request_started", "request_finished"}
    assert {name for line in written for name in line} == documented_fields() - {"job", "job_id", "exception"}


def test_lines_of_a_request_name_its_tenant(client, acme, bob, lines):  # noqa: F811
    client.as_(bob).get("/api/v1/projects/")
    client.at(None).get("/")
    assert [line.get("tenant") for line in lines()] == ["acme", "acme", None, None]


def test_line_outside_of_a_request_names_the_active_tenant(acme, globex, lines):  # noqa: F811
    logger = structlog.get_logger("tests")
    for tenant in (acme, globex):
        with tenant_context(tenant):
            logger.warning("outer")
            with no_tenant():
                logger.warning("inner")
    found = [(line["event"], line.get("tenant")) for line in lines()]
    assert found == [("outer", "acme"), ("inner", None), ("outer", "globex"), ("inner", None)]


def test_events_on_the_page_are_in_the_code():
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE.partition("## Searching")[2], re.MULTILINE)
    events = {name for row in named for name in re.findall(r"\w+", row)}
    root = Path(__file__).resolve().parents[2]
    code = "".join(
        path.read_text() for folder in ("accounts", "config", "tenancy") for path in root.glob(f"{folder}/**/*.py")
    )
    assert {name for name in events if f'"{name}"' not in code} == set()
    assert len(events) > 5
