"""/settings/audit/: who did what, for owners and admins"""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actions.accounts import update_account
from accounts.models import Account, AuditEntry
from frontend.account_settings.audit import ACTIONS
from tenancy.context import tenant_context
from tenancy.testing import membership_of

pytestmark = pytest.mark.django_db

URL = "/settings/audit/"


def write(account, user=None, action="project.deleted", **fields):
    with tenant_context(account):
        actor = membership_of(user, account) if user else None
        return AuditEntry.objects.create(
            actor=actor, actor_email=user.email if user else "", action=action, object_id=uuid4(), **fields
        )


@pytest.mark.parametrize("path", [URL, f"{URL}export/"])
def test_audit_page_is_for_owners_and_admins(client, page, acme, alice, admin, bob, vera, path):
    answers = [client.as_(who).get(path).status_code for who in (alice, admin, bob, vera)]
    assert answers == [200, 200, 403, 403]
    assert client.at(acme).get(path).status_code == 302
    assert URL in page(client.as_(alice).get("/settings/")).links
    assert URL not in page(client.as_(bob).get("/settings/")).links


def test_audit_page_shows_actor_action_address_and_changes(client, page, acme, alice):
    with tenant_context(acme):
        update_account(account=acme, actor=membership_of(alice, acme), name="Acme & <b>Sons</b>")
    write(acme, ip="203.0.113.7", data={"key": "WEB"})
    text = page(client.as_(alice).get(URL)).text
    assert "Account settings changed account.updated alice@example.com name Acme → Acme & <b>Sons</b>" in text
    assert "Project deleted project.deleted the platform · 203.0.113.7 key WEB" in text


def test_another_accounts_log_is_not_in_it(client, page, acme, globex, alice, mallory):
    write(globex, mallory, data={"key": "SPY"})
    session = client.as_(alice)
    assert "No matching entries." in page(session.get(URL)).text
    foreign = session.get(URL, {"actor": membership_of(mallory, globex).pk})
    absent = session.get(URL, {"actor": uuid4()})
    assert foreign.status_code == absent.status_code == 400
    assert page(foreign).all("ul", **{"class": "errorlist"})
    assert b"SPY" not in b"".join(session.get(f"{URL}export/"))


def test_audit_page_filters_by_action_person_and_day(client, page, acme, alice, bob):
    Account.objects.filter(pk=acme.pk).update(time_zone="Pacific/Auckland")
    for number, (who, action) in enumerate([(alice, "token.created"), (bob, "token.created"), (bob, "token.revoked")]):
        write(acme, who, action, data={"name": f"entry-{number}"})
    session = client.as_(alice)

    def shown(**query):
        text = page(session.get(URL, query)).text
        lines = b"".join(session.get(f"{URL}export/", query)).decode()
        assert set(re.findall(r"entry-\d", text)) == set(re.findall(r"entry-\d", lines))
        return sorted(re.findall(r"entry-\d", text))

    assert shown() == ["entry-0", "entry-1", "entry-2"]
    assert shown(action="token.created") == ["entry-0", "entry-1"]
    assert shown(actor=membership_of(bob, acme).pk) == ["entry-1", "entry-2"]
    assert shown(action="token.revoked", actor=membership_of(alice, acme).pk) == []
    assert shown(since="2000-01-01") == ["entry-0", "entry-1", "entry-2"]
    assert shown(since="9999-12-31") == []


def test_days_are_those_of_the_account(client, page, acme, alice, monkeypatch):
    Account.objects.filter(pk=acme.pk).update(time_zone="Pacific/Auckland")  # 13 hours before UTC in January
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: datetime(2026, 1, 9, 12, 0, tzinfo=UTC))
        write(acme, alice)
    session = client.as_(alice)
    assert "2026-01-10 01:00:00" in page(session.get(URL, {"since": "2026-01-10"})).text
    assert "2026-01-10" not in page(session.get(URL, {"since": "2026-01-11"})).text


@pytest.mark.parametrize("query", [{"since": "soon"}, {"actor": "x"}, {"action": "x" * 51}, {"action": "\x00"}])
def test_invalid_filter_shows_an_error_beside_its_field(client, page, alice, query):
    for path in (URL, f"{URL}export/"):
        answer = client.as_(alice).get(path, query)
        assert answer.status_code == 400
        assert page(answer).all("ul", **{"class": "errorlist"})


def test_pagination_keeps_the_filters(client, page, acme, alice):
    for number in range(51):
        write(acme, alice, data={"name": f"entry-{number}"})
    session = client.as_(alice)
    shown = page(session.get(URL, {"action": "project.deleted"}))
    assert "?action=project.deleted&page=2" in shown.links
    assert "entry-0" in page(session.get(URL, {"action": "project.deleted", "page": 2})).text
    assert [session.get(URL, {"page": each}).status_code for each in ("3", "0", "x")] == [404] * 3
    assert len(b"".join(session.get(f"{URL}export/")).splitlines()) == 52


def test_every_documented_action_is_offered():
    documented = (Path(__file__).resolve().parents[3] / "docs/audit.md").read_text()
    named = {
        name
        for line in re.findall(r"^\| (`.*?) \|", documented, re.MULTILINE)
        for name in re.findall(r"`(.+?)`", line)
    }
    assert named == set(ACTIONS)
