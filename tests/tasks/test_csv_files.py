"""Every CSV file that the product writes, with hostile texts in every column that takes one."""

import ast
import csv
import json
import re
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.db import DatabaseError, models, transaction

from accounts.actions.exports import request_export
from accounts.exports import archive as account_archive
from accounts.exports.writing import cell
from accounts.models import AuditEntry
from tenancy.context import tenant_context
from tenancy.places import atomic
from tenancy.planes import is_placed
from tenancy.testing import membership_of
from tests.isolation.conftest import populate
from tests.isolation.test_call_sites import trees

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)

# One text for each column: formulas at its beginning and behind all separators, visible and not.
HOSTILE = '=1;＝2;\t-3\n@4\r\n +5,"＋6"|\u00a0－7؛\'=8'
SHORT = "=1;-2\n@3"  # for columns with little room

SEPARATORS = (",", ";", "\t", "|", "؛")
# Characters that a spreadsheet strips at the beginning of a cell, or does not show.
UNSEEN = "".join(chr(code) for code in range(33)) + '"\u00a0\u200b\ufeff'
FORMULA = tuple("=+-@＝＋－＠")


def documented():
    """Return the function of docs/exports.md that has the value of a cell back."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/exports.md").read_text(), re.DOTALL)[1]
    names = {}
    exec(code, names)
    return names["original"]


def as_any_spreadsheet_reads_it(text):
    """Yield the cells of a file, for each separator, with quotes as such and as ordinary characters."""
    for separator in SEPARATORS:
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            rows = csv.reader(StringIO(text, newline=""), delimiter=separator, quoting=quoting)
            yield from (each for row in rows for each in row)
    yield from re.split(r"[,;\t|؛\r\n]", text)  # an import with several separators


def poison(model):
    """Put hostile texts into the columns of a table that take them, and return how many do."""
    poisoned = 0
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.CharField | models.TextField) or field.choices or field.name == "avatar":
            continue  # which is part of a name in storage
        for text in (HOSTILE, SHORT):
            try:
                with atomic() if is_placed(model) else transaction.atomic():
                    model._default_manager.update(**{field.attname: text})
                poisoned += 1
                break
            except (DatabaseError, TypeError):  # a constraint on its form, or rows that cannot be changed
                continue
    return poisoned


@pytest.fixture
def files(client, acme, alice, run_jobs):
    """All CSV files, by name: of a project, of the audit log at both addresses, and in the ZIP of the account."""
    world = populate(acme, alice)
    with tenant_context(acme):
        assert sum(poison(model) for model in account_archive.models()) >= 10
        AuditEntry.objects.create(action=SHORT, actor_email=SHORT, object_id=acme.pk, data={HOSTILE: ["x", HOSTILE]})
        type(alice).objects.update(name=HOSTILE)
        asked = {"actor": membership_of(alice, acme)}
        exports = [
            request_export(**asked, format="csv", kind="project", subject=world.project),
            request_export(**asked, format="zip"),
        ]
    run_jobs()
    session = client.as_(alice)
    tasks, account = (session.get(f"/api/v1/exports/{each.pk}/download/").getvalue() for each in exports)
    archive = ZipFile(BytesIO(account))
    found = {name: archive.read(name) for name in archive.namelist() if name.endswith(".csv")}
    found |= {path: session.get(path).getvalue() for path in ("/api/v1/audit/export/", "/settings/audit/export/")}
    return {name: content.decode("utf-8-sig") for name, content in {"tasks.csv": tasks, **found}.items()}


def test_no_value_is_a_formula_whatever_separates_values(acme, files):
    with tenant_context(acme):
        tables = {f"tables/{model._meta.db_table}.csv" for model in account_archive.models()}
    others = {"tasks.csv", "people.csv", "files/missing.csv", "/api/v1/audit/export/", "/settings/audit/export/"}
    assert set(files) == tables | others
    for name, text in files.items():
        for value in as_any_spreadsheet_reads_it(text):
            assert not value.lstrip(UNSEEN).startswith(FORMULA), (name, value)


def test_every_value_is_quoted_and_can_be_parsed_back(files):
    for name, text in files.items():
        rows = list(csv.reader(StringIO(text, newline="")))
        again = StringIO(newline="")
        csv.writer(again, quoting=csv.QUOTE_ALL).writerows(rows)
        assert again.getvalue() == text, name
        assert {len(row) for row in rows} == {len(rows[0])}, name
    (task,) = csv.DictReader(StringIO(files["tasks.csv"], newline=""))
    original = documented()
    assert [original(task[name]) for name in ("title", "description", "assignees")] == [HOSTILE] * 3
    (entry,) = (row for row in csv.DictReader(StringIO(files["/api/v1/audit/export/"])) if "=" in row["action"])
    assert json.loads(original(entry["data"])) == {HOSTILE: ["x", HOSTILE]}


def test_documented_rule_restores_every_text():
    original = documented()
    for length in range(6):
        for letters in product("';=\t \"x", repeat=length):
            text = "".join(letters)
            assert original(cell(text)) == text


def test_csv_is_written_by_one_module_only():
    users = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and any(each.name == "csv" for each in node.names)
    }
    assert users == {"accounts/exports/writing.py"}
