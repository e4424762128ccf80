"""XLSX files, read by another library: types and limits of cells, and the same rows as in CSV."""

import csv
import json
import re
import tracemalloc
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from os import listdir
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from accounts.exports import audit_log, workbooks
from accounts.exports.workbooks import SheetFull, Workbook
from accounts.models import AuditEntry
from tasks import exports
from tasks.actions.comments import create_comment
from tasks.actions.tasks import create_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.frontend.conftest import Page

pytestmark = pytest.mark.django_db

AUDIT, PAGE = "/api/v1/audit/export/", "/settings/audit/export/"
PAGO_PAGO = ZoneInfo("Pacific/Pago_Pago")  # eleven hours behind UTC


def written(*rows, zone=PAGO_PAGO, most=2**30):
    """Return the bytes of a file with these rows."""
    file = BytesIO()
    with closing(Workbook(file, title="Rows", zone=zone, most=most)) as book:
        book.head(["one", "two"])
        for row in rows:
            book.write(row)
        book.finish({"project": "Website"})
    return file.getvalue()


def cells(content):
    """Return the rows of the first sheet behind its head."""
    return list(load_workbook(BytesIO(content)).worksheets[0].rows)[1:]


def shown(*parts):
    """Return a day and time as sheets have them: without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def values(content):
    return [[cell.value for cell in row] for row in cells(content)]


@pytest.fixture
def exported(client, acme, alice, run_jobs):
    """Export a project as its owner, and return the export and the bytes of its file."""

    def exported(project, kind="xlsx"):
        session = client.as_(alice)
        asked = session.json("POST", "/api/v1/exports/", {"project": project.pk, "format": kind})
        assert asked.status_code == 201
        run_jobs()
        export = session.get(f"/api/v1/exports/{asked.json()['id']}/").json()
        return export, session.get(f"/api/v1/exports/{export['id']}/download/").getvalue()

    return exported


# Cells ---------------------------------------------------------------------------------------------------------------

TEXTS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "{=SUM(A1)}", '=HYPERLINK("https://evil.example")', "x;=1+1;y", "a\n=2+2;"),
    *(
        "https://example.com/",
        "mailto:eve@example.com",
        "external:c:\\x.xlsx",
        "internal:Rows!A1",
        "007",
        "1e5",
        "true",
    ),
    *("  spaces  ", "two\nlines", "<b>&amp;</b>", "]]>", "日本語 🎈 é e\u0301", "'quoted", "#N/A"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_cell_contains_the_text_and_no_formula(text):
    content = written([text, 1])
    (row,) = cells(content)
    assert (row[0].data_type, row[0].value, row[0].hyperlink) in {("s", text, None), ("inlineStr", text, None)}
    sheet = ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert not re.search(r"<f[ >]|hyperlink", sheet)


def test_control_characters_are_left_out_and_escapes_of_xml_are_none():
    content = written(["a\x00b\x07c\x1b\ufffed\ud800e", "one\r\ntwo\rthree"], ["_x0041_", "\t"])
    assert values(content)[0] == ["abcde", "one\ntwo\nthree"]
    # ECMA-376 escapes text that looks like an escape (ST_Xstring), and spreadsheets show the original text.
    assert "<t>_x005F_x0041_</t>" in ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("letter", ["x", "ü", "🎈"])  # of one UTF-16 unit, and of two
def test_a_text_that_is_too_long_for_a_cell_ends_with_an_ellipsis(letter):
    units = len(letter.encode("utf-16-le")) // 2
    fits, longer = letter * (32_767 // units), letter * (32_767 // units + 1)
    (row,) = values(written([fits, longer]))
    assert row[0] == fits
    assert row[1] == letter * (32_766 // units) + "…"
    assert len(row[1].encode("utf-16-le")) // 2 <= 32_767


def test_days_and_moments_are_dates_in_the_zone():
    moment = datetime(2026, 11, 30, 10, 59, 59, 999_999, tzinfo=UTC)  # still the day before, in Pago Pago
    (row,) = cells(written([moment, date(2026, 11, 30)]))
    assert [cell.is_date for cell in row] == [True, True]
    assert [cell.value for cell in row] == [shown(2026, 11, 29, 23, 59, 59), shown(2026, 11, 30)]
    assert [cell.number_format for cell in row] == ["yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"]


@pytest.mark.parametrize(
    ("utc", "local"),
    [((2026, 10, 25, 0, 30), (2026, 10, 25, 2, 30)), ((2026, 10, 25, 1, 30), (2026, 10, 25, 2, 30))],
)
def test_repeated_hour_at_the_end_of_summer_time_is_local_time(utc, local):
    assert values(written([datetime(*utc, tzinfo=UTC), ""], zone=ZoneInfo("Europe/Vienna")))[0][0] == shown(*local)


def test_days_that_sheets_do_not_have_are_texts():
    days = [date(1900, 2, 28), date(1, 1, 1)], [date(1900, 3, 1), date(9999, 12, 31)]
    early, late = values(written(*days))
    assert early == ["1900-02-28", "0001-01-01"]
    assert late == [shown(1900, 3, 1), shown(9999, 12, 31)]


def test_numbers_are_numbers_as_long_as_they_are_exact():
    assert values(written([12, 2**53 + 1])) == [[12, str(2**53 + 1)]]


def test_second_sheet_describes_the_export():
    about = load_workbook(BytesIO(written())).worksheets[1]
    found = {row[0].value: row[1].value for row in about.rows}
    assert (found["project"], found["time_zone"]) == ("Website", "Pacific/Pago_Pago")
    now = datetime.now(PAGO_PAGO).replace(tzinfo=None)
    assert now - timedelta(hours=1) < found["exported_at"] <= now


# Limits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["rows", "bytes", None])
def test_no_temporary_file_is_left(monkeypatch, tmp_path, limit):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(workbooks, "MOST_ROWS", 2 if limit == "rows" else 2000)
    if limit:
        with pytest.raises(SheetFull, match=limit):
            written(*[["x" * 1000, 1]] * 100, most=50_000)
    else:
        written(*[["x" * 1000, 1]] * 100)
    assert listdir(tmp_path) == []


def test_memory_does_not_depend_on_the_rows():
    def peak(rows):
        tracemalloc.start()
        try:
            with closing(Workbook(BytesIO(), title="Rows", zone=PAGO_PAGO, most=2**30)) as book:
                for number in range(rows):
                    book.write(["text " * 40, number])
                book.finish({})
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2000)  # one-time costs of imports and compilation
    assert peak(4000) < peak(2000) + 50_000  # the text of 2,000 rows has 400,000


@pytest.mark.parametrize("limit", ["rows", "bytes"])
def test_an_export_that_is_too_large_for_a_sheet_fails_and_csv_does_not(exported, project, task, monkeypatch, limit):
    if limit == "rows":
        monkeypatch.setattr(workbooks, "MOST_ROWS", 1)
    else:
        monkeypatch.setattr(exports, "MOST_BYTES", 2000)
    export, _ = exported(project)
    assert (export["state"], export["failure"]) == ("failed", "too_large")
    assert exported(project, "csv")[0]["state"] == "ready"


# Projects and the audit log ------------------------------------------------------------------------------------------


@pytest.fixture
def tasks(acme, alice, project):
    """Three tasks of a project, with all that goes into a row."""
    with tenant_context(acme):
        type(acme).objects.filter(pk=acme.pk).update(time_zone="Pacific/Pago_Pago")
        actor = membership_of(alice, acme)
        texts = [("=1+1", "x;=1+1;y"), ("Zweite", "two\nlines"), ("https://example.com/", "🎈")]
        for title, description in texts:
            task = create_task(
                project=project,
                actor=actor,
                title=title,
                description=description,
                assignees=[actor],
                due_date=date(2026, 12, 24),
            )
            create_comment(task=task, actor=actor, body="Yes.")
        Task.objects.update(created_at=datetime(2026, 1, 1, 10, 30, tzinfo=UTC))


def test_a_project_has_the_rows_of_its_csv_with_dates_of_the_account(exported, project, tasks):
    export, content = exported(project)
    assert (export["format"], export["state"], export["done"]) == ("xlsx", "ready", 3)
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    head, *rows = ([cell.value for cell in row] for row in sheet.rows)
    lines = list(csv.DictReader(StringIO(exported(project, "csv")[1].decode("utf-8-sig"), newline="")))
    assert head == list(lines[0]) == list(exports.COLUMNS)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    for name in ("key", "status", "priority", "assignees"):
        assert [row[name] for row in found] == [line[name] for line in lines], name
    assert (found[0]["title"], found[0]["description"]) == ("=1+1", "x;=1+1;y")
    assert {row["comments"] for row in found} == {1}
    assert {row["due_date"] for row in found} == {shown(2026, 12, 24)}
    assert {row["created_at"] for row in found} == {shown(2025, 12, 31, 23, 30)}  # in Pago Pago
    assert sheet.freeze_panes == "A2"


def test_page_offers_xlsx_first(client, alice, project, run_jobs):
    session = client.as_(alice)
    assert Page(session.get("/projects/WEB/export/")).all("button", name="format")[0]["value"] == "xlsx"
    assert session.post("/projects/WEB/export/", {"format": "xlsx"}).status_code == 302
    run_jobs()
    assert re.search(r"WEB-[\d-]+\.xlsx", session.get("/projects/WEB/export/").content.decode())


@pytest.fixture
def entries(acme, alice):
    with tenant_context(acme):
        AuditEntry.objects.bulk_create(
            AuditEntry(action=f"=x{number}", object_id=acme.pk, data={"name": ["a", number]}) for number in range(5)
        )


@pytest.mark.parametrize("path", [AUDIT, PAGE])
def test_the_audit_log_has_the_rows_of_its_csv(client, acme, alice, entries, monkeypatch, path):
    monkeypatch.setattr(audit_log, "ROWS", 2)
    session = client.as_(alice)
    answer = session.get(path, {"format": "xlsx"})
    assert (answer.status_code, answer["Content-Type"]) == (200, workbooks.MEDIA_TYPE)
    assert answer["Content-Disposition"] == 'attachment; filename="audit-acme.xlsx"'
    assert answer["Cache-Control"] == "no-store"
    head, *rows = ([cell.value for cell in row] for row in load_workbook(BytesIO(answer.getvalue())).worksheets[0])
    lines = list(csv.DictReader(StringIO(session.get(path).getvalue().decode(), newline="")))
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["id"] for row in found] == [line["id"] for line in lines]
    assert found[0]["action"] == lines[0]["action"].removeprefix("'")
    assert all(isinstance(row["created_at"], datetime) for row in found)
    assert json.loads(found[0]["data"]) == {"name": ["a", int(found[0]["action"][2:])]}
    filtered = session.get(path, {"format": "xlsx", "action": "=x3"})
    assert [row[1] for row in values(filtered.getvalue())] == ["=x3"]


@pytest.mark.parametrize("path", [AUDIT, PAGE])
def test_too_many_entries_are_refused_with_the_remedy(client, alice, entries, monkeypatch, path):
    monkeypatch.setattr(audit_log, "MOST_IN_WORKBOOK", 4)
    session = client.as_(alice)
    answer = session.get(path, {"format": "xlsx"})
    assert answer.status_code == 400
    assert "at most 4 entries, and there are more. Filter them, or export as CSV." in answer.content.decode()
    assert session.get(path, {"format": "csv"}).status_code == 200
    assert session.get(path, {"format": "xlsx", "action": "=x3"}).status_code == 200


@pytest.mark.parametrize("path", [AUDIT, PAGE])
def test_another_format_is_refused(client, alice, path):
    assert client.as_(alice).get(path, {"format": "ods"}).status_code == 400


@pytest.mark.parametrize("path", [AUDIT, PAGE])
@pytest.mark.parametrize("who", ["bob", "vera"])
def test_a_member_who_may_not_read_the_audit_log_gets_no_workbook(client, who, path, request):
    assert client.as_(request.getfixturevalue(who)).get(path, {"format": "xlsx"}).status_code == 403


def test_file_leaves_nothing_when_it_was_sent_or_the_client_disconnects(client, alice, entries, monkeypatch, tmp_path):
    monkeypatch.setattr(audit_log, "ROWS", 2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    browser = client.as_(alice)
    assert len(values(browser.get(f"{AUDIT}?format=xlsx").getvalue())) == 5
    interrupted = browser.get(f"{AUDIT}?format=xlsx")
    assert next(iter(interrupted.streaming_content)) == b""  # while it is written
    interrupted.close()
    assert list(Path(tmp_path).iterdir()) == []
