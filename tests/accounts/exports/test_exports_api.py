"""/api/v1/exports/: files of every kind, for the member who requested them."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.exports.writing import TooLarge
from accounts.jobs import write_export
from accounts.models import Export
from tenancy.context import tenant_context
from tenancy.storage import StorageUnavailable, TenantStorage
from tests.sample.kinds import TEXT
from tests.sample.models import Note

URL = "/api/v1/exports/"


def test_requested_export_waits(session, ask, subject):
    response = ask()
    assert response.status_code == 201
    export = response.json()
    assert (export["sample"], export["format"], export["state"]) == (str(subject.pk), "txt", "waiting")
    others = set(export) - {"sample", "format", "failure"} - set(Export._meta._forward_fields_map)
    assert all(export[name] is None for name in others)  # the fields of other kinds
    download = session.get(f"{URL}{export['id']}/download/")
    assert (download.status_code, download.json()["code"]) == (409, "conflict")


def test_export_becomes_file(exported):
    export, response = exported()
    assert (export["state"], export["done"], export["total"], export["size"]) == ("ready", 1, 1, len(TEXT))
    assert export["finished_at"] < export["expires_at"]
    assert response["Content-Disposition"] == f'attachment; filename="SAMPLE-{export["created_at"][:10]}.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == TEXT


def test_format_of_another_kind_is_refused(ask):
    for change in ({"format": "zip"}, {"format": "xml"}, {"format": None}, {"sample": None}):
        response = ask(**change)
        assert (response.status_code, list(response.json()["errors"])) == (400, ["format"])


def test_hidden_subject_answers_like_absent_subject(ask, hide):
    hide()
    hidden, absent = ask(), ask(sample=str(uuid4()))
    assert (hidden.status_code, hidden.content) == (400, absent.content)


def test_export_is_hidden_from_other_members(client, alice, exported):
    export, _response = exported()
    session = client.as_(alice)  # the owner
    assert session.get(URL).json()["results"] == []
    for suffix in ("", "download/"):
        answers = [session.get(f"{URL}{pk}/{suffix}") for pk in (export["id"], uuid4())]
        assert answers[0].status_code == 404
        assert answers[0].content == answers[1].content


def test_export_is_hidden_from_other_accounts(client, globex, charlie, mallory, exported):
    export, _response = exported()
    for session in (client.as_(mallory), client.as_(charlie, at=globex)):
        assert session.get(URL).json()["results"] == []
        assert session.get(f"{URL}{export['id']}/download/").status_code == 404


@pytest.mark.parametrize("what", ["hidden", "deleted"])
def test_export_of_lost_subject_is_hidden(acme, session, exported, hide, what):
    export, _response = exported()
    with tenant_context(acme):
        if what == "deleted":
            Note.objects.all().delete()
        else:
            hide()
    assert session.get(URL).json()["results"] == []
    for suffix in ("", "download/"):
        assert session.get(f"{URL}{export['id']}/{suffix}").status_code == 404


@pytest.mark.parametrize("what", ["hidden", "deleted", "left"])
def test_export_is_not_written_for_member_without_access(acme, ask, change, hide, run_jobs, what):
    ask()
    with tenant_context(acme):
        if what == "deleted":
            Note.objects.all().delete()
        elif what == "hidden":
            hide()
        else:
            change(ended_at=timezone.now())
    run_jobs()
    with tenant_context(acme):
        export = Export.objects.get()
        assert (export.state, export.failure) == ("failed", "forbidden")
        assert not default_storage.exists(export.file)


def test_file_is_not_stored_when_access_is_lost_while_it_is_written(acme, ask, hide, run_jobs, sample_kinds):
    def write(subject, format, file):  # noqa: A002
        yield 1
        hide()

    ask()
    sample_kinds.write = write
    run_jobs()
    with tenant_context(acme):
        export = Export.objects.get()
        assert (export.state, export.failure) == ("failed", "forbidden")
        assert not default_storage.exists(export.file)


def test_file_that_is_too_large_fails(ask, session, run_jobs, sample_kinds):
    def write(subject, format, file):  # noqa: A002
        yield 1
        raise TooLarge

    sample_kinds.write = write
    ask()
    run_jobs()
    export = session.get(URL).json()["results"][0]
    assert (export["state"], export["failure"]) == ("failed", "too_large")


def test_job_of_another_account_does_not_find_export(acme, globex, ask):
    export = ask().json()
    with tenant_context(globex):
        write_export(export_id=export["id"])
    with tenant_context(acme):
        assert Export.objects.get().state == "waiting"


def test_member_has_at_most_three_unfinished_exports(client, alice, ask, subject, run_jobs):
    assert [ask().status_code for _ in range(4)] == [201, 201, 201, 409]
    body = {"sample": str(subject.pk), "format": "txt"}
    assert client.as_(alice).json("POST", URL, body).status_code == 201  # each member has a limit of their own
    run_jobs()
    assert ask().status_code == 201


def test_client_cannot_set_state_or_progress(ask):
    response = ask(state="ready", failure="error", done=7, expires_at=None)
    export = response.json()
    assert (response.status_code, export["state"], export["failure"], export["done"]) == (201, "waiting", None, 0)


def test_repeated_job_leaves_ready_export_alone(acme, exported):
    export, _response = exported()
    with tenant_context(acme):
        before = Export.objects.values().get()
        write_export(export_id=export["id"])
        assert Export.objects.values().get() == before


def test_killed_job_starts_again(acme, session, ask, run_jobs):
    export = ask().json()
    with tenant_context(acme):
        Export.objects.update(state="running", done=1, total=7)  # as a killed process leaves it
    run_jobs()
    shown = session.get(f"{URL}{export['id']}/").json()
    assert (shown["state"], shown["done"], shown["total"]) == ("ready", 1, 1)


def test_export_is_not_ready_while_storage_is_gone(acme, session, exported, ask, monkeypatch):
    ready, _response = exported()
    export = ask().json()
    gone = TenantStorage(**{**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:1"})
    monkeypatch.setattr(default_storage, "_wrapped", gone)
    with tenant_context(acme), pytest.raises(StorageUnavailable):
        write_export(export_id=export["id"])
    response = session.get(f"{URL}{ready['id']}/download/")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
def test_export_cannot_be_changed(session, ask, method):
    export = ask().json()
    assert session.json(method, f"{URL}{export['id']}/", {}).status_code == 405
