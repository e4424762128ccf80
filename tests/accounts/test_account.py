"""/api/v1/account/ and members/"""

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.actions.accounts import update_account
from tenancy.context import tenant_context
from tenancy.testing import membership_of

ACCOUNT, MEMBERS = "/api/v1/account/", "/api/v1/members/"


def test_endpoint_shows_the_account_of_the_host(client, acme, vera):
    response = client.as_(vera).get(ACCOUNT)
    assert (response.json()["id"], response.json()["slug"]) == (str(acme.pk), "acme")
    assert {"name", "variant", "created_at"} <= set(response.json())


def test_admin_renames_account_and_every_request_sees_the_new_name(
    client, acme, admin, bob, django_capture_on_commit_callbacks
):
    assert client.as_(bob).get(ACCOUNT).status_code == 200  # it is in the cache now
    with django_capture_on_commit_callbacks(execute=True):
        response = client.as_(admin).json("PATCH", ACCOUNT, {"name": "Acme & Sons"})
    assert (response.status_code, response.json()["name"]) == (200, "Acme & Sons")
    assert client.as_(bob).get(ACCOUNT).json()["name"] == "Acme & Sons"


def test_admin_sets_the_time_zone_of_the_account(client, acme, admin, bob):
    assert client.as_(bob).get(ACCOUNT).json()["time_zone"] == "UTC"
    response = client.as_(admin).json("PATCH", ACCOUNT, {"time_zone": "Pacific/Auckland"})
    assert (response.status_code, response.json()["time_zone"], response.json()["name"]) == (
        *(200, "Pacific/Auckland"),
        "Acme",
    )
    assert client.as_(bob).json("PATCH", ACCOUNT, {"time_zone": "UTC"}).status_code == 403
    acme.refresh_from_db()
    assert acme.time_zone == "Pacific/Auckland"


@pytest.mark.parametrize(
    "name",
    [
        *("", None, "Europe", "Nowhere/City", "../etc/passwd", "UTC\x00", "europe/berlin", 2),
        *("Factory", "localtime", "posixrules", "posix/Europe/Berlin", "right/UTC"),
    ],
)
def test_invalid_time_zone_is_refused(client, admin, name):
    response = client.as_(admin).json("PATCH", ACCOUNT, {"time_zone": name})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["time_zone"])


@pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"name": "x" * 201}, {"plan_b": "x"}])
def test_bad_names_are_refused(client, admin, body):
    response = client.as_(admin).json("PATCH", ACCOUNT, body)
    assert (response.status_code, len(response.json()["errors"])) == (400, 1)


def test_account_id_cannot_be_changed(client, acme, admin):
    before = client.as_(admin).get(ACCOUNT).json()
    client.as_(admin).json("PATCH", ACCOUNT, {"id": str(uuid4())})
    assert client.as_(admin).get(ACCOUNT).json() == before


def test_member_cannot_rename_the_account(client, bob, vera):
    for person in (bob, vera):
        assert client.as_(person).json("PATCH", ACCOUNT, {"name": "x"}).status_code == 403


def test_action_checks_the_role(acme, bob):
    with tenant_context(acme), pytest.raises(PermissionDenied):
        update_account(account=acme, actor=membership_of(bob, acme), name="x")
    acme.refresh_from_db()
    assert acme.name == "Acme"


# Members -----------------------------------------------------------------------------------------------------------


def test_a_member_has_the_fields_of_the_contract(client, acme, bob):
    with tenant_context(acme):
        member = membership_of(bob, acme)
    shown = client.as_(bob).get(f"{MEMBERS}{member.pk}/").json()
    assert shown == {"id": str(member.pk), "name": "Bob", "email": "bob@example.com", "role": "member"}
    assert shown in client.as_(bob).get(MEMBERS).json()["results"]


def test_former_member_is_not_listed(client, acme, alice, bob):
    with tenant_context(acme):
        member = membership_of(bob, acme)
        type(member).objects.filter(pk=member.pk).update(ended_at=timezone.now())
    assert client.as_(alice).get(f"{MEMBERS}{member.pk}/").status_code == 404
    assert all(row["name"] != "Bob" for row in client.as_(alice).get(MEMBERS).json()["results"])


def test_members_of_other_accounts_do_not_exist(client, globex, bob, mallory):
    with tenant_context(globex):
        hers = membership_of(mallory, globex).pk
    answers = [client.as_(bob).get(f"{MEMBERS}{each}/") for each in (hers, uuid4())]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_members_endpoint_does_not_add_members(client, acme, alice, method):
    with tenant_context(acme):
        member = membership_of(alice, acme)
    url = MEMBERS if method == "POST" else f"{MEMBERS}{member.pk}/"
    assert client.as_(alice).json(method, url, {"role": "owner"}).status_code == 405
