"""The archive of an account: exports/ with the format zip, and /settings/danger/export/"""

import csv
import json
from functools import partial
from io import BytesIO, StringIO
from zipfile import ZIP_STORED, ZipFile

import pytest
from django.core.files.base import ContentFile

from accounts.actions.accounts import create_account
from accounts.actions.pictures import set_avatar, set_logo
from accounts.exports import archive as account_archive
from accounts.exports import archive_files
from accounts.exports.archive_files import write_files
from accounts.models import AuditEntry, Export
from projects.models import Label
from tasks import exports
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.storage import storage
from tenancy.testing import canary, foreign_canaries, membership_of
from tests.accounts.test_pictures import picture
from tests.frontend.conftest import Page
from tests.isolation.conftest import populate

pytestmark = pytest.mark.django_db

URL, PAGE, DANGER = "/api/v1/exports/", "/settings/danger/export/", "/settings/danger/"


def body_of(answer):
    return b"".join(answer.streaming_content)


def export_of(account):
    with tenant_context(account):
        return Export.objects.get(format="zip")


@pytest.fixture
def archive(client, acme, alice, run_jobs):
    """Export acme on the page as alice, and open the archive."""

    def export():
        session = client.as_(alice)
        assert session.post(PAGE).url == DANGER
        run_jobs()
        return ZipFile(BytesIO(body_of(session.get(f"{URL}{export_of(acme).pk}/download/"))))

    return export


def rows_in(archive, name):
    return list(csv.DictReader(StringIO(archive.read(name).decode())))


def test_archive_contains_everything_including_private_projects(acme, archive, task, secret_task, label, subtask, bob):
    found = archive()
    assert json.loads(found.read("account.json"))["slug"] == "acme"
    assert {row["email"]: row["role"] for row in rows_in(found, "people.csv")} == {
        "alice@example.com": "owner",
        "bob@example.com": "member",
    }
    for key, title in (("WEB", task.title), ("SEC", secret_task.title)):
        assert [each["title"] for each in json.loads(found.read(f"projects/{key}.json"))["tasks"]] == [title]
    assert {row["id"] for row in rows_in(found, "tables/tasks_task.csv")} == {str(task.pk), str(secret_task.pk)}
    assert [row["name"] for row in rows_in(found, "tables/projects_label.csv")] == [label.name]
    assert found.testzip() is None


def test_archive_contains_no_credentials_and_no_foreign_data(acme, globex, alice, mallory, archive):
    populate(globex, mallory)
    world = populate(acme, alice)
    found = archive()
    for name in found.namelist():
        assert foreign_canaries(found.read(name), acme) == []
    everything = b"".join(found.read(name) for name in found.namelist())
    assert canary(acme)[:40].encode() in everything
    assert world.invitation.token_hash.encode() not in everything
    assert world.apitoken.text_hash.encode() not in everything
    assert not {"accounts_apitoken", "accounts_refreshfamily"} & {name[7:-4] for name in found.namelist()}


def test_cell_is_not_a_formula(acme, archive):
    with tenant_context(acme):
        Label.objects.create(name="=1+1")
    assert [row["name"] for row in rows_in(archive(), "tables/projects_label.csv")] == ["'=1+1"]


def test_page_shows_progress_and_audit_log_the_requester(client, acme, alice, task, run_jobs):
    session = client.as_(alice)
    session.post(PAGE)
    shown = Page(session.get(DANGER))
    assert "Waiting" in shown.text
    assert shown.all("section", id="exports")[0]["hx-get"] == PAGE
    with tenant_context(acme):
        Export.objects.update(state="running", done=12, total=40)
    part = session.get(PAGE, headers={"HX-Request": "true"})
    assert "12 of 40 rows and files" in Page(part).text
    assert b"<html" not in part.content
    with tenant_context(acme):
        Export.objects.update(state="waiting")
    run_jobs()
    with tenant_context(acme):
        assert AuditEntry.objects.latest("id").action == "account.exported"
    done = export_of(acme)
    assert (done.state, done.done) == ("ready", done.total)
    assert f"{URL}{done.pk}/download/" in Page(session.get(PAGE)).links
    assert session.get(f"{URL}{done.pk}/download/")["Content-Disposition"].endswith('.zip"')


def test_api_exports_the_account(client, acme, alice, project):
    session = client.with_token(alice)
    answer = session.json("POST", URL, {"format": "zip"})
    assert (answer.status_code, answer.json()["project"], answer.json()["format"]) == (201, None, "zip")
    for wrong in ({"format": "zip", "project": project.pk}, {"format": "csv"}, {"format": "json", "project": None}):
        refused = session.json("POST", URL, wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["format"])


@pytest.mark.parametrize("who", ["admin", "bob", "vera"])
def test_account_export_is_for_owners_only(client, acme, alice, admin, bob, vera, request, who):
    session = client.as_(request.getfixturevalue(who))
    assert session.get(PAGE).status_code == session.post(PAGE).status_code == 403
    assert session.json("POST", URL, {"format": "zip"}).status_code == 403
    with tenant_context(acme):
        assert not Export.objects.exists()


def test_former_owner_gets_no_account_export(client, acme, alice, bob, archive, run_jobs):
    archive()
    session = client.as_(alice)
    path = f"{URL}{export_of(acme).pk}/"
    session.post(PAGE)  # waits
    with tenant_context(acme):
        alices = membership_of(alice, acme)
        alices.role = "admin"
        alices.save()
    assert session.get(path).status_code == session.get(f"{path}download/").status_code == 404
    run_jobs()
    with tenant_context(acme):
        assert sorted(Export.objects.values_list("state", "failure")) == [("failed", "forbidden"), ("ready", "")]
    assert client.as_(bob).get(path).status_code == 404


def test_too_many_exports_are_refused_with_a_message(client, acme, alice):
    session = client.as_(alice)
    for _ in range(3):
        assert session.post(PAGE).status_code == 302
    answer = session.post(PAGE)
    assert answer.status_code == 409
    assert "You have 3 unfinished exports." in Page(answer).text


def test_empty_account_is_exported(client, db, run_jobs):
    new = create_account(slug="empty", name="Empty", owner_email="eve@example.com")
    session = client.as_(new.owner, at=new.account)
    session.post(PAGE)
    run_jobs()
    assert export_of(new.account).state == "ready"


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def attach(acme, alice, task):
    """Store a file of the task of acme with any name, and return its row."""

    def attach(name, content=b"", state="ready"):
        with tenant_context(acme):
            member = membership_of(alice, acme)
            row = Attachment.objects.create(
                task=task, name=name, content_type="text/plain", size=len(content), state=state, uploaded_by=member
            )
            if content:
                storage.save(row.file, ContentFile(content))
            return row

    return attach


def test_archive_contains_files_unchanged(archive, attach):
    content = bytes(range(256)) * 4096  # more than a piece
    rows = [attach("Prices.pdf", content), attach("Prices.pdf", b"other prices"), attach("../../etc/passwd", b"x")]
    waiting = attach("unchecked.txt", b"it has not been checked", state="pending")
    found = archive()
    names = [name for name in found.namelist() if name.startswith("files/")]
    assert names == [f"files/{rows[0].pk}/Prices.pdf", f"files/{rows[1].pk}/Prices.pdf", f"files/{rows[2].pk}/passwd"]
    assert [found.read(name) for name in names] == [content, b"other prices", b"x"]
    assert found.getinfo(names[0]).compress_type == ZIP_STORED
    assert str(waiting.pk) not in "".join(names)
    assert found.testzip() is None


def test_archive_contains_pictures(acme, alice, archive):
    with tenant_context(acme):
        member = membership_of(alice, acme)
        set_avatar(actor=member, content=picture())
        set_logo(account=acme, actor=member, content=picture())
    found = archive()
    assert {name for name in found.namelist() if name.startswith("files/")} == {
        "files/logo.webp",
        f"files/avatars/{member.pk}.webp",
    }
    assert found.read("files/logo.webp")[8:12] == b"WEBP"


def test_files_missing_in_storage_are_listed(archive, attach):
    row = attach("gone.txt")
    assert rows_in(archive(), "files/missing.csv") == [{"file": f"{row.pk}/gone.txt"}]


def test_files_count_in_the_progress_and_in_the_size(client, acme, alice, attach, run_jobs, monkeypatch):
    attach("one.txt", b"x" * 1000)
    client.as_(alice).post(PAGE)
    run_jobs()
    export = export_of(acme)
    assert (export.state, export.done) == ("ready", export.total)
    with tenant_context(acme):
        Export.objects.all().delete()
    monkeypatch.setattr(archive_files, "write_files", partial(write_files_up_to, most=500))
    client.as_(alice).post(PAGE)
    run_jobs()
    failed = export_of(acme)
    assert (failed.state, failed.failure) == ("failed", "too_large")


@pytest.mark.parametrize("part", ["projects", "tables"])
def test_export_that_is_too_large_is_reported_in_api_and_page(client, alice, task, run_jobs, monkeypatch, part):
    monkeypatch.setattr(account_archive, "MOST_BYTES", 1 if part == "projects" else 2000)
    session = client.as_(alice)
    session.post(PAGE)
    run_jobs()
    shown = session.get(URL).json()["results"][0]
    assert (shown["state"], shown["failure"]) == ("failed", "too_large")
    words = Page(session.get(DANGER)).text
    assert "which is the limit. Export its parts one by one" in words


def test_archive_contains_a_project_too_large_for_its_own_export(client, acme, alice, task, run_jobs, monkeypatch):
    monkeypatch.setattr(exports, "MOST_BYTES", 1)
    client.as_(alice).post(PAGE)
    run_jobs()
    assert export_of(acme).state == "ready"


def write_files_up_to(archive, file, _most, *, most):
    yield from write_files(archive, file, most)
