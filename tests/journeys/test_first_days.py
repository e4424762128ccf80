"""The first days of an account, over HTTP: creation, invitation, a task for the new member, and their leaving"""

import re

import pytest
from django.core.management import call_command

from accounts.models import Account, AuditEntry
from tenancy.context import tenant_context
from tenancy.testing import TenantClient
from tests.accounts.invitations import post
from tests.frontend.conftest import Page

pytestmark = pytest.mark.django_db

OLGA = {"password1": "a long sentence of hers", "password2": "a long sentence of hers"}
NINA = {"name": "Nina", "password": "another long sentence"}


def path_in(text, host="initech.localhost:8000"):
    """Return the path of the one link to the account in a mail or a command's output."""
    return re.search(rf"http://{re.escape(host)}(/\S{{20,}})", text)[1]


def mail_to(address):
    """Return the only requested mail to a user."""
    (message,) = (each for each in post() if each.to == [address])
    return message


@pytest.fixture
def account(capsys):
    call_command("createtenant", "initech", name="Initech", owner="olga@example.com")
    return Account.objects.get(slug="initech")


@pytest.fixture
def olga(account, capsys):
    """The owner, who has set a password with the command's link and has logged in."""
    session = TenantClient(account)
    page = session.get(path_in(capsys.readouterr().out), follow=True)
    assert session.post(page.request["PATH_INFO"], OLGA).status_code == 302
    log_in = {"login": "olga@example.com", "password": OLGA["password1"]}
    assert session.post("/auth/login/", log_in).url == "/"
    return session


@pytest.fixture
def nina(account, olga):
    """A user whom olga has invited, and who has accepted."""
    assert olga.post("/settings/members/", {"email": "nina@example.com", "role": "member"}).status_code == 302
    session = TenantClient(account)
    link = path_in(mail_to("nina@example.com").body)
    assert "nina@example.com was invited" in Page(session.get(link)).text
    assert session.post(link, NINA).url == "/"
    assert TenantClient(account).get(link).status_code == 404  # it works once
    return session


def test_invited_member_works_and_leaves(account, olga, nina):
    assert olga.post("/", {"name": "Website", "key": "WEB", "color": "blue"}).url == "/projects/WEB/"
    assert nina.post("/projects/WEB/", {"title": "Write the welcome page"}).status_code == 302
    people = {each["email"]: each["id"] for each in olga.get("/api/v1/members/").json()["results"]}
    given = olga.json("PATCH", "/api/v1/tasks/WEB-1/", {"assignees": [people["nina@example.com"]]})
    assert given.status_code == 200
    assert mail_to("nina@example.com").subject == "“olga@example.com” assigned you WEB-1: Write the welcome page"
    assert "Write the welcome page" in Page(nina.get("/inbox/")).text

    remove = f"/settings/members/{people['nina@example.com']}/remove/"
    assert remove in Page(olga.get("/settings/members/")).links
    assert nina.get(remove).status_code == 403
    assert olga.post(remove, {"name": "Nina"}).status_code == 302
    assert nina.get("/").url == "/auth/login/?next=/"
    assert nina.get("/api/v1/tasks/WEB-1/").status_code == 401
    credentials = {"email": "nina@example.com", "password": NINA["password"]}
    assert TenantClient(account).json("POST", "/api/v1/auth/token/", credentials).status_code == 401

    log = Page(olga.get("/settings/audit/")).text
    told = [log.index(each) for each in ("member.removed", "member.joined", "invitation.created")]
    assert told == sorted(told)  # the newest is first
    with tenant_context(account):
        assert AuditEntry.objects.filter(action="member.removed", actor_email="olga@example.com").exists()
