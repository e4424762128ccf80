"""/api/v1/me/ and me/accounts/"""

import pytest
from django.utils import timezone

from tenancy.context import tenant_context
from tenancy.testing import membership_of

ME, ACCOUNTS = "/api/v1/me/", "/api/v1/me/accounts/"


def test_me_shows_the_user_and_the_role_in_the_account(client, acme, bob):
    with tenant_context(acme):
        member = membership_of(bob, acme)
    assert client.as_(bob).get(ME).json() == {
        "id": str(bob.pk),
        "email": "bob@example.com",
        "name": "Bob",
        "time_zone": None,
        "member": str(member.pk),
        "role": "member",
        "mail_notifications": True,
        "mail_digest": True,
    }


def test_user_has_another_member_id_in_each_account(client, acme, globex, charlie):
    members = {client.at(account).with_token(charlie).get(ME).json()["member"] for account in (acme, globex)}
    assert len(members) == 2


def test_viewer_changes_their_name(client, vera):
    response = client.as_(vera).json("PATCH", ME, {"name": "Vera V."})
    assert (response.status_code, response.json()["name"]) == (200, "Vera V.")


@pytest.mark.parametrize("body", [{"name": 7}, {"name": "x" * 151}, {"nick": "x"}])
def test_bad_names_are_refused(client, bob, body):
    response = client.as_(bob).json("PATCH", ME, body)
    assert (response.status_code, len(response.json()["errors"])) == (400, 1)


def test_a_user_chooses_a_time_zone_for_all_accounts(client, acme, globex, charlie):
    chosen = client.as_(charlie, at=acme).json("PATCH", ME, {"time_zone": "Pacific/Kiritimati"})
    assert (chosen.status_code, chosen.json()["name"]) == (200, "Charlie")
    assert client.as_(charlie, at=globex).get(ME).json()["time_zone"] == "Pacific/Kiritimati"
    assert client.as_(charlie, at=acme).json("PATCH", ME, {"time_zone": None}).json()["time_zone"] is None


@pytest.mark.parametrize("name", ["", "Factory", "localtime", "posixrules", "posix/UTC", "Nowhere/City", 3, ["UTC"]])
def test_user_cannot_choose_an_invalid_time_zone(client, bob, name):
    response = client.as_(bob).json("PATCH", ME, {"time_zone": name})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["time_zone"])
    bob.refresh_from_db()
    assert bob.time_zone is None


@pytest.mark.parametrize("choice", ["mail_notifications", "mail_digest"])
def test_mail_settings_belong_to_one_user_in_one_account(client, acme, globex, charlie, vera, choice):
    response = client.at(acme).with_token(charlie).json("PATCH", ME, {choice: False})
    assert (response.status_code, response.json()[choice]) == (200, False)
    assert client.at(acme).with_token(charlie).get(ME).json()[choice] is False
    assert client.at(globex).with_token(charlie).get(ME).json()[choice] is True
    assert client.as_(vera).get(ME).json()[choice] is True
    for nonsense in ("false", None, 0):
        assert client.as_(vera).json("PATCH", ME, {choice: nonsense}).status_code == 400


def test_mail_settings_have_preconditions(client, bob):
    session = client.as_(bob)
    read = session.get(ME)["ETag"]
    first = session.generic("PATCH", ME, '{"mail_digest": false}', "application/json", headers={"If-Match": read})
    again = session.generic("PATCH", ME, '{"mail_digest": true}', "application/json", headers={"If-Match": read})
    assert (first.status_code, again.status_code) == (200, 412)


def test_user_cannot_change_their_role_or_email(client, acme, bob):
    client.as_(bob).json("PATCH", ME, {"role": "owner", "email": "root@example.com"})
    assert client.as_(bob).get(ME).json()["role"] == "member"
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"


def test_accounts_of_a_user_are_listed_at_each_of_them(client, acme, globex, charlie):
    for account in (acme, globex):
        rows = client.at(account).with_token(charlie).get(ACCOUNTS).json()["results"]
        assert [(row["slug"], row["role"], row["url"]) for row in rows] == [
            ("acme", "member", "http://acme.localhost:8000"),
            ("globex", "member", "http://globex.localhost:8000"),
        ]


def test_only_own_accounts_are_listed(client, acme, globex, bob):
    assert [row["id"] for row in client.as_(bob).get(ACCOUNTS).json()["results"]] == [str(acme.pk)]


def test_left_and_suspended_accounts_are_not_listed(client, acme, globex, charlie):
    session = client.at(acme).with_token(charlie)
    with tenant_context(globex):
        member = membership_of(charlie, globex)
        type(member).objects.filter(pk=member.pk).update(ended_at=timezone.now())
    assert [row["slug"] for row in session.get(ACCOUNTS).json()["results"]] == ["acme"]
    with tenant_context(globex):
        type(member).objects.filter(pk=member.pk).update(ended_at=None)
    type(globex).objects.filter(pk=globex.pk).update(suspended_at=timezone.now())
    assert [row["slug"] for row in session.get(ACCOUNTS).json()["results"]] == ["acme"]


def test_account_list_is_paginated(client, acme, globex, charlie):
    session = client.at(acme).with_token(charlie)
    page = session.get(ACCOUNTS, {"page_size": 1}).json()
    assert [row["slug"] for row in page["results"]] == ["acme"]
    page = session.get(page["next"]).json()
    assert ([row["slug"] for row in page["results"]], page["next"]) == (["globex"], None)
    assert session.get(ACCOUNTS, {"ordering": "slug"}).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("url", [ME, ACCOUNTS])
def test_unsupported_methods_are_not_allowed(client, bob, url, method):
    assert client.as_(bob).json(method, url, {}).status_code == 405
