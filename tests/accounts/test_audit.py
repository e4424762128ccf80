"""/api/v1/audit/ and audit/export/: entries, client addresses, and access to the audit log"""

import csv
import io
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.audit import record_audit
from accounts.models import AuditEntry
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, canary, membership_of

URL, EXPORT = "/api/v1/audit/", "/api/v1/audit/export/"


@pytest.fixture
def write(acme, alice):
    """Write an entry of alice's."""

    def write(action="account.updated", **data):
        with tenant_context(acme):
            return record_audit(action=action, actor=membership_of(alice, acme), subject=acme, data=data)

    return write


def entries(account):
    """Return the entries of an account's audit log, oldest first."""
    with tenant_context(account):
        return list(AuditEntry.objects.order_by("id").values_list("action", "actor_email", "data"))


def lines(response):
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


# What is written ---------------------------------------------------------------------------------------------------


def test_entry_has_actor_action_time_and_address(client, acme, alice):
    client.as_(alice).json("PATCH", "/api/v1/account/", {"name": "Acme & Sons"})
    (entry,) = client.as_(alice).get(URL).json()["results"]
    assert entry.pop("id") != entry.pop("created_at")
    assert entry == {
        "action": "account.updated",
        "actor": str(membership_of(alice, acme).pk),
        "actor_email": "alice@example.com",
        "ip": "127.0.0.1",
        "object_id": str(acme.pk),
        "data": {"name": ["Acme", "Acme & Sons"]},
    }


def test_project_changes_are_in_the_audit_log(client, acme, alice, bob, run_jobs):
    session, his = client.as_(alice), str(membership_of(bob, acme).pk)
    project = session.json("POST", "/api/v1/projects/", {"name": "Website", "private": True}).json()
    url, named = f"/api/v1/projects/{project['id']}/", {"key": "WEB", "name": "Website"}
    session.json("POST", f"{url}members/", {"member": his})
    session.json("POST", f"{url}members/", {"member": his})  # changes nothing
    session.delete(f"{url}members/{his}/")
    session.json("PATCH", url, {"private": False})
    session.json("PATCH", url, {"private": False, "description": "x"})
    session.json("POST", f"{url}archive/")
    session.json("POST", f"{url}restore/")
    session.delete(url)
    run_jobs()
    assert entries(acme) == [
        ("project.created", "alice@example.com", named | {"private": True}),
        ("project.member_added", "alice@example.com", named | {"private": True, "member": his}),
        ("project.member_removed", "alice@example.com", named | {"private": True, "member": his}),
        ("project.privacy_changed", "alice@example.com", named | {"private": False}),
        ("project.archived", "alice@example.com", named),
        ("project.restored", "alice@example.com", named),
        ("project.deleted", "alice@example.com", named),
    ]


def test_personal_tokens_are_in_the_audit_log(client, acme, bob):
    session = client.as_(bob)
    token = session.json("POST", "/api/v1/tokens/", {"name": "CI"}).json()
    for _ in range(2):
        session.delete(f"/api/v1/tokens/{token['id']}/")
    assert entries(acme) == [
        ("token.created", "bob@example.com", {"name": "CI"}),
        ("token.revoked", "bob@example.com", {"name": "CI"}),
    ]
    assert token["token"] not in str(entries(acme))


def test_log_ins_and_refused_log_ins_are_in_the_audit_log(client, acme, bob, run_jobs):
    browser = client.at(acme)
    for password in ("wrong", PASSWORD):
        browser.post("/auth/login/", {"login": "Bob@example.com", "password": password})
        browser.json("POST", "/api/v1/auth/token/", {"email": "bob@example.com", "password": password})
        run_jobs()
    with tenant_context(acme):
        refused = list(AuditEntry.objects.filter(action="member.log_in_refused"))
    assert [entry.ip for entry in refused] == ["127.0.0.1"] * 2
    assert all(datetime.fromisoformat(entry.data["at"]) <= entry.created_at for entry in refused)
    assert [(action, email, data if "at" not in data else {}) for action, email, data in entries(acme)] == [
        ("member.log_in_refused", "bob@example.com", {}),
        ("member.log_in_refused", "bob@example.com", {}),
        ("member.logged_in", "bob@example.com", {"with": "session"}),
        ("member.logged_in", "bob@example.com", {"with": "token"}),
    ]


def test_anonymous_clients_cannot_fill_the_audit_log(client, acme, globex, mallory, run_jobs):
    for email in ("mallory@example.com", "absent@example.com", ""):
        for password in ("wrong", PASSWORD):
            client.at(acme).json("POST", "/api/v1/auth/token/", {"email": email, "password": password})
    run_jobs()
    assert entries(acme) == entries(globex) == []


def test_failed_requests_are_not_in_the_audit_log(client, acme, alice, vera):
    client.as_(vera).json("PATCH", "/api/v1/account/", {"name": "Mine"})
    client.as_(alice).json("PATCH", "/api/v1/account/", {"name": "x" * 300})
    client.as_(alice).json("POST", "/api/v1/projects/", {"name": ""})
    assert entries(acme) == []


@pytest.mark.parametrize(
    ("trusted", "forwarded", "ip"),
    [
        (False, "6.6.6.6", "127.0.0.1"),
        (True, "6.6.6.6, 2001:db8::1", "2001:db8::1"),
        (True, "6.6.6.6, 203.0.113.1:51", "203.0.113.1"),
        (True, "6.6.6.6, unknown", "127.0.0.1"),
        (True, None, "127.0.0.1"),
    ],
)
def test_client_address_is_read_from_trusted_proxies_only(client, alice, settings, trusted, forwarded, ip):
    settings.TRUST_PROXY = trusted
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    client.as_(alice).generic(
        "PATCH", "/api/v1/account/", '{"name": "x"}', content_type="application/json", headers=headers
    )
    assert client.as_(alice).get(URL).json()["results"][0]["ip"] == ip


def test_entry_made_outside_a_request_has_no_address(client, alice, write):
    client.as_(alice).get(URL)
    assert write().ip is None


# Access ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [URL, EXPORT, f"{URL}01a1fc96-9d5f-7574-a733-1dc7f5e1bdb0/"])
def test_audit_log_is_for_owners_and_admins(client, acme, alice, admin, bob, vera, url):
    found = 404 if "01a1" in url else 200
    for person, status in ((alice, found), (admin, found), (bob, 403), (vera, 403)):
        for method in ("GET", "HEAD"):
            assert client.as_(person, at=acme).json(method, url).status_code == status, person.email


def test_audit_log_is_read_only(client, alice, write):
    url = f"{URL}{write().pk}/"
    session = client.as_(alice)
    assert session.get(url).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        assert session.json(method, url, {}).status_code == 405
    assert session.json("POST", URL, {}).status_code == 405


def test_audit_log_of_another_account_is_hidden(client, globex, mallory, write):
    entry = write(name=canary(globex))
    session = client.as_(mallory)
    assert session.get(URL).json()["results"] == []
    assert session.get(f"{URL}{entry.pk}/").status_code == 404
    assert lines(session.get(EXPORT)) == []


# Finding something in it --------------------------------------------------------------------------------------------


def test_audit_log_is_newest_first_and_can_be_filtered(client, acme, alice, bob, write):
    first, second = write("account.updated"), write("project.created")
    session, hers = client.as_(alice), membership_of(alice, acme).pk

    def found(**parameters):
        listed = [row["id"] for row in session.get(URL, parameters).json()["results"]]
        assert [row["id"] for row in lines(session.get(EXPORT, parameters))] == listed
        return listed

    assert found() == [str(second.pk), str(first.pk)]
    assert found(action="account.updated") == [str(first.pk)]
    assert found(action="account") == found(actor=membership_of(bob, acme).pk) == []
    assert found(actor=hers, since=second.created_at.isoformat()) == [str(second.pk)]


@pytest.mark.parametrize("url", [URL, EXPORT])
@pytest.mark.parametrize("parameters", [{"actor": "x"}, {"since": "x"}, {"action": ""}, {"sice": "2026-01-01"}])
def test_invalid_filter_is_refused(client, alice, url, parameters):
    response = client.as_(alice).get(url, parameters)
    assert (response.status_code, list(response.json()["errors"])) == (400, list(parameters))


def test_page_parameters_apply_to_the_list_only(client, alice, write):
    write(), write()
    page = client.as_(alice).get(URL, {"page_size": 1}).json()
    assert len(client.as_(alice).get(page["next"]).json()["results"]) == 1
    assert client.as_(alice).get(EXPORT, {"page_size": 1}).status_code == 400


# The export --------------------------------------------------------------------------------------------------------


def test_export_has_every_row_once_with_equal_timestamps(client, acme, alice, write, monkeypatch):
    monkeypatch.setattr("accounts.exports.audit_log.ROWS", 3)
    with tenant_context(acme):
        one = write()
        AuditEntry.objects.bulk_create(AuditEntry(action="x", object_id=acme.pk) for _ in range(10))
    exported = lines(client.as_(alice).get(EXPORT))
    listed = client.as_(alice).get(URL).json()["results"]
    assert [row["id"] for row in exported] == [row["id"] for row in listed]
    assert len({row["id"] for row in exported}) == 11
    assert exported[-1] == {
        **{name: str(value or "") for name, value in listed[-1].items()},
        "data": "{}",
        "id": str(one.pk),
    }


def test_export_is_an_attachment_with_no_store(client, alice, write):
    response = client.as_(alice).get(EXPORT)
    assert response["Content-Disposition"] == 'attachment; filename="audit-acme.csv"'
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", " =", "＝"])
def test_export_contains_no_formula(client, acme, alice, begin):
    with tenant_context(acme):
        AuditEntry.objects.create(action=f"{begin}HYPERLINK(1)", object_id=acme.pk)
    (row,) = csv.DictReader(io.StringIO(client.as_(alice).get(EXPORT).getvalue().decode(), newline=""))
    assert row["action"] == f"'{begin}HYPERLINK(1)"


def test_export_is_read_while_it_is_sent(client, acme, alice, write, monkeypatch):
    monkeypatch.setattr("accounts.exports.audit_log.ROWS", 2)
    ids = [str(write().pk) for _ in range(5)]
    content = client.as_(alice).get(EXPORT).streaming_content
    pieces = [next(content), next(content)]
    with CaptureQueriesContext(connection) as later:
        pieces += content
    assert len(later) > 1  # the other rows are read after the first were sent
    assert len(pieces) == 4  # the header, two, two and one
    rows = csv.DictReader(io.StringIO(b"".join(pieces).decode()))
    assert [row["id"] for row in rows] == ids[::-1]
