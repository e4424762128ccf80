"""/api/v1/members/<id>/, members/leave/ and account/transfer/: roles, removal and ownership"""

from uuid import uuid4

import pytest

from accounts.actions.members import LastOwner, change_role, leave_account, remove_member, transfer_account
from accounts.models import AuditEntry, Membership
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of

URL, LEAVE, TRANSFER = "/api/v1/members/", "/api/v1/members/leave/", "/api/v1/account/transfer/"
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}


@pytest.fixture
def address(acme):
    """Return the URL of a member of acme."""
    return lambda person: f"{URL}{membership_of(person, acme).pk}/"


@pytest.fixture
def second_owner(acme):
    """Olga, who owns acme beside alice."""
    olga = make_user("olga")
    join(olga, acme, "owner")
    return olga


@pytest.fixture
def other_admin(acme):
    """Adam, an admin of acme beside charlie."""
    adam = make_user("adam")
    join(adam, acme, "admin")
    return adam


def roles(account):
    with tenant_context(account):
        rows = Membership.objects.current().prefetch_related("user")
        return {row.user.email.partition("@")[0]: row.role for row in rows}


def entries(account):
    with tenant_context(account):
        return list(AuditEntry.objects.order_by("id").values_list("action", "actor_email", "data"))


# Roles -------------------------------------------------------------------------------------------------------------


def test_role_change_by_an_admin_applies_immediately(client, acme, admin, bob, address):
    his = client.as_(bob)
    assert his.json("POST", "/api/v1/labels/", {"name": "Bug"}).status_code == 201
    changed = client.as_(admin).json("PATCH", address(bob), {"role": "viewer"})
    assert (changed.status_code, changed.json()["role"]) == (200, "viewer")
    assert changed.json() == client.as_(admin).get(address(bob)).json()
    assert his.json("POST", "/api/v1/labels/", {"name": "Task"}).status_code == 403
    data = {"member": str(membership_of(bob, acme).pk), "email": "bob@example.com", "role": ["member", "viewer"]}
    assert entries(acme) == [("member.role_changed", "charlie@example.com", data)]


MATRIX = {  # role of the actor: {role of the member: (status of PATCH, status of DELETE)}
    "alice": {"second_owner": (200, 204), "other_admin": (200, 204), "bob": (200, 204), "vera": (200, 204)},
    "admin": {"second_owner": (403, 403), "other_admin": (200, 204), "bob": (200, 204), "vera": (200, 204)},
    "bob": {"second_owner": (403, 403), "other_admin": (403, 403), "vera": (403, 403), "bob": (403, 403)},
    "vera": {"second_owner": (403, 403), "other_admin": (403, 403), "bob": (403, 403), "vera": (403, 403)},
}


@pytest.mark.parametrize(("who", "whom"), [(who, whom) for who, row in MATRIX.items() for whom in row])
def test_roles_change_and_remove_members_as_in_the_matrix(
    client, acme, alice, admin, bob, vera, second_owner, other_admin, address, request, who, whom
):
    session, url = client.as_(request.getfixturevalue(who), at=acme), address(request.getfixturevalue(whom))
    before, (changed, removed) = roles(acme), MATRIX[who][whom]
    assert session.json("PATCH", url, {"role": "viewer"}).status_code == changed
    assert (roles(acme) == before) == (changed == 403 or whom == "vera")
    assert session.delete(url).status_code == removed
    assert len(roles(acme)) == len(before) - (removed == 204)


@pytest.mark.parametrize("who", ["alice", "admin"])
def test_owner_role_is_given_by_transfer_only(client, acme, alice, admin, bob, address, request, who):
    session = client.as_(request.getfixturevalue(who), at=acme)
    for person in (bob, admin):
        response = session.json("PATCH", address(person), {"role": "owner"})
        assert (response.status_code, list(response.json()["errors"])) == (400, ["role"])
    assert list(roles(acme).values()).count("owner") == 1


@pytest.mark.parametrize("role", ["", None, "boss", 1, ["viewer"]])
def test_invalid_role_is_refused(client, admin, bob, address, role):
    response = client.as_(admin).json("PATCH", address(bob), {"role": role})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["role"])


def test_other_fields_of_a_member_cannot_be_written(client, acme, admin, bob, address):
    before = client.as_(admin).get(address(bob)).json()
    body = {"name": "Mine", "email": "x@example.com", "id": str(uuid4())}
    assert client.as_(admin).json("PATCH", address(bob), body).json() == before
    assert client.as_(admin).json("PATCH", address(bob), {"role": "member"}).json() == before
    assert client.as_(admin).json("PATCH", address(bob), {"account": str(acme.pk)}).status_code == 400
    assert entries(acme) == []  # nothing has changed


def test_outdated_etag_changes_nothing(client, acme, admin, bob, address):
    session, url = client.as_(admin), address(bob)
    tag = session.get(url)["ETag"]
    session.json("PATCH", url, {"role": "viewer"})
    for method in ("PATCH", "DELETE"):
        response = session.generic(
            method, url, '{"role": "admin"}', content_type="application/json", headers={"If-Match": tag}
        )
        assert (response.status_code, response.json()["code"]) == (412, "stale")
    assert roles(acme)["bob"] == "viewer"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_members_of_other_accounts_do_not_exist(client, globex, admin, mallory, method):
    hers = membership_of(mallory, globex).pk
    answers = [client.as_(admin).json(method, f"{URL}{each}/", {"role": "viewer"}) for each in (hers, uuid4(), "x")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert roles(globex)["mallory"] == "owner"


# The last owner ----------------------------------------------------------------------------------------------------


def test_last_owner_cannot_be_removed_or_demoted(client, acme, alice, admin, address):
    session = client.as_(alice)
    answers = [
        session.json("POST", LEAVE),
        session.delete(address(alice)),
        session.json("PATCH", address(alice), {"role": "admin"}),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(409, "conflict")}
    assert roles(acme)["alice"] == "owner"


def test_former_owner_does_not_count_as_owner(client, acme, alice, second_owner, address):
    assert client.as_(second_owner, at=acme).json("POST", LEAVE).status_code == 204
    assert client.as_(alice).json("POST", LEAVE).status_code == 409


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "end",
    [
        lambda one, other: leave_account(actor=one),
        lambda one, other: remove_member(member=other, actor=one),
        lambda one, other: change_role(member=one, actor=one, role="admin"),
        lambda one, other: change_role(member=other, actor=one, role="admin"),
    ],
    ids=["both leave", "each removes the other", "both step back", "each takes the other's role"],
)
def test_parallel_removal_of_two_owners_leaves_one(acme, alice, second_owner, at_once, end):
    one, other = membership_of(alice, acme), membership_of(second_owner, acme)
    errors = at_once(lambda: end(one, other), lambda: end(other, one))
    assert len(errors) == 1
    assert list(roles(acme).values()).count("owner") == 1


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_transfer_succeeds(acme, alice, bob, vera, at_once):
    owner, his, hers = (membership_of(person, acme) for person in (alice, bob, vera))
    errors = at_once(
        lambda: transfer_account(member=his, actor=owner), lambda: transfer_account(member=hers, actor=owner)
    )
    assert len(errors) == 1
    assert sorted(roles(acme).values()).count("owner") == 1
    assert roles(acme)["alice"] == "admin"


@pytest.mark.django_db(transaction=True)
def test_transfer_to_a_leaving_member_leaves_one_owner(acme, alice, bob, at_once):
    owner, his = membership_of(alice, acme), membership_of(bob, acme)
    errors = at_once(lambda: transfer_account(member=his, actor=owner), lambda: leave_account(actor=his))
    assert len(errors) == 1
    assert list(roles(acme).values()).count("owner") == 1


def test_stale_role_does_not_let_the_last_owner_leave(acme, alice):
    stale = membership_of(alice, acme)
    stale.role = "member"
    with tenant_context(acme), pytest.raises(LastOwner):
        leave_account(actor=stale)


# Transfer ----------------------------------------------------------------------------------------------------------


def test_owner_transfers_the_account_to_a_member(client, acme, alice, bob):
    session, his = client.as_(alice), str(membership_of(bob, acme).pk)
    response = session.json("POST", TRANSFER, {"member": his})
    assert (response.status_code, response.json()) == (200, session.get("/api/v1/account/").json())
    assert (roles(acme)["alice"], roles(acme)["bob"]) == ("admin", "owner")
    assert session.json("POST", TRANSFER, {"member": his}).status_code == 403  # she is no longer an owner
    data = {"member": his, "email": "bob@example.com", "was": "member"}
    assert entries(acme) == [("account.transferred", "alice@example.com", data)]


def test_only_the_owner_transfers_the_account(client, acme, admin, bob, vera):
    for person in (admin, bob, vera):
        body = {"member": str(membership_of(person, acme).pk)}
        assert client.as_(person, at=acme).json("POST", TRANSFER, body).status_code == 403


def test_account_cannot_be_transferred_to_an_owner(client, acme, alice, second_owner):
    for person in (alice, second_owner):
        response = client.as_(alice).json("POST", TRANSFER, {"member": str(membership_of(person, acme).pk)})
        assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_transfer_to_a_foreign_or_former_member_answers_like_an_absent_one(client, acme, globex, alice, bob, mallory):
    session, his = client.as_(alice), membership_of(bob, acme).pk
    session.delete(f"{URL}{his}/")
    ids = [his, membership_of(mallory, globex).pk, uuid4()]
    answers = [session.json("POST", TRANSFER, {"member": each}) for each in ids]
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, answers[0].content)}


@pytest.mark.parametrize("body", [{}, {"member": None}, {"member": "x"}, {"member": str(uuid4()), "role": "owner"}])
def test_transfer_accepts_only_the_member_field(client, alice, body):
    assert client.as_(alice).json("POST", TRANSFER, body).status_code == 400


def test_transfer_supports_preconditions_and_idempotency_keys(client, acme, alice, bob):
    session, body = client.as_(alice), f'{{"member": "{membership_of(bob, acme).pk}"}}'

    def send(**headers):
        return session.generic("POST", TRANSFER, body, content_type="application/json", headers=headers)

    assert send(**{"If-Match": '"old"'}).status_code == 412
    tag = session.get("/api/v1/account/")["ETag"]
    headers = {"If-Match": tag, "Idempotency-Key": "once"}
    assert send(**headers).status_code == 200
    assert send(**headers).status_code == 403  # without the permission the stored response is not replayed
    assert session.get(TRANSFER).status_code == 405
