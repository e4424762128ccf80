"""/api/v1/notifications/: one's own, and nobody else's."""

from uuid import uuid4

import pytest

from accounts.models import Notification
from tenancy.context import tenant_context

URL = "/api/v1/notifications/"


@pytest.fixture
def told(inbox, assign, comment, alice, bob, charlie, task):
    """Bob has two: assigned first, then mentioned."""
    assign(alice, task, bob, charlie)
    comment(alice, task, "@Bob")
    return inbox(bob)


def test_they_have_the_fields_and_come_newest_first(told):
    assert [row["kind"] for row in told] == ["mentioned", "assigned"]
    assert list(told[0]) == ["id", "kind", "task", "comment", "actor", "created_at", "read_at"]


def test_one_is_marked_as_read(client, bob, told):
    session = client.as_(bob)
    response = session.json("POST", f"{URL}{told[0]['id']}/read/")
    assert response.status_code == 200
    assert response.json()["read_at"]
    again = session.json("POST", f"{URL}{told[0]['id']}/read/")
    assert (again.status_code, again.json()) == (200, response.json())
    assert session.get(f"{URL}{told[1]['id']}/").json()["read_at"] is None


def test_all_are_marked_as_read_but_nobody_elses(client, inbox, bob, charlie, told):
    session = client.as_(bob)
    assert [session.json("POST", f"{URL}read/").json() for _ in range(2)] == [{"read": 2}, {"read": 0}]
    assert session.json("POST", f"{URL}read/").status_code == 200
    assert all(row["read_at"] for row in inbox(bob))
    assert inbox(charlie)[0]["read_at"] is None


def test_they_are_narrowed_to_the_unread_and_to_a_kind(client, bob, told):
    session = client.as_(bob)
    session.json("POST", f"{URL}{told[0]['id']}/read/")

    def ids(**query):
        return [row["id"] for row in session.get(URL, query).json()["results"]]

    assert ids(unread="true") == ids(kind="assigned") == [told[1]["id"]]
    assert ids(unread="false") == [told[0]["id"]]
    for query in ({"unread": "yes"}, {"kind": "x"}, {"member": str(uuid4())}):
        assert session.get(URL, query).status_code == 400


def test_those_of_another_member_do_not_exist(client, alice, admin, told):
    for person in (alice, admin):  # an owner and an admin
        session = client.as_(person)
        shown = [row["id"] for row in session.get(URL).json()["results"]]
        assert not {row["id"] for row in told} & set(shown)
        for suffix, method in (("", "GET"), ("read/", "POST")):
            answers = [session.json(method, f"{URL}{pk}/{suffix}") for pk in (told[0]["id"], uuid4())]
            assert answers[0].status_code == 404
            assert answers[0].content == answers[1].content


def test_nor_those_of_another_account(client, acme, globex, mallory, charlie, told):
    for session in (client.as_(mallory), client.as_(charlie, at=globex)):
        assert session.get(URL).json()["results"] == []
        assert session.get(f"{URL}{told[0]['id']}/").status_code == 404
        assert session.json("POST", f"{URL}{told[0]['id']}/read/").status_code == 404
        session.json("POST", f"{URL}read/")
    with tenant_context(acme):
        assert not Notification.objects.exclude(read_at=None).exists()


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_nobody_writes_them(client, bob, told, method):
    url = URL if method == "POST" else f"{URL}{told[0]['id']}/"
    assert client.as_(bob).json(method, url, {"kind": "assigned"}).status_code == 405


def test_a_repeated_request_is_answered_again(client, bob, told):
    session, headers = client.as_(bob), {"Idempotency-Key": "once"}
    for url in (f"{URL}read/", f"{URL}{told[0]['id']}/read/"):
        first, second = (session.post(url, content_type="application/json", headers=headers) for _ in range(2))
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert second["Idempotency-Replayed"] == "true"
