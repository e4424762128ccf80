"""`Idempotency-Key`: a repeated POST has one effect."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.response import Response

from accounts.models import PlacedIdempotencyKey
from projects.api import ProjectViewSet
from projects.models import Project
from tasks.models import Subtask
from tenancy.context import tenant_context
from tenancy.testing import canary, foreign_canaries, membership_of

PROJECTS = "/api/v1/projects/"


def post(client, url=PROJECTS, body=None, *, key="key-1", **headers):
    content = json.dumps({"name": "Website"} if body is None else body, default=str)
    names = {"Idempotency-Key": key} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic("POST", url, content, content_type="application/json", headers=names)


def names_in(account):
    with tenant_context(account):
        return [project.name for project in Project.objects.all()]


def keys_in(account):
    with tenant_context(account):
        return PlacedIdempotencyKey.objects.count()


@pytest.fixture
def age(acme):
    """Make all keys of acme older."""

    def age(**by):
        with tenant_context(acme):
            PlacedIdempotencyKey.objects.update(created_at=timezone.now() - timedelta(**by))

    return age


# Again -------------------------------------------------------------------------------------------------------------


def test_repeated_key_returns_the_first_response(client, acme, bob):
    first, second = post(client.as_(bob)), post(client.as_(bob))
    assert (first.status_code, "Idempotency-Replayed" in first) == (201, False)
    assert (second.status_code, second.content, second["ETag"]) == (201, first.content, first["ETag"])
    assert (second["Idempotency-Replayed"], second["Content-Type"]) == ("true", first["Content-Type"])
    assert names_in(acme) == ["Website"]


def test_replay_returns_first_answer_after_the_row_has_changed(client, bob):
    session = client.as_(bob)
    first = post(session)
    session.json("PATCH", f"{PROJECTS}{first.json()['id']}/", {"name": "Shop"})
    assert post(session).content == first.content


def test_replay_rejects_malformed_precondition(client, bob, task):
    """The precondition is not compared: the row has changed since the first request."""
    session, url = client.as_(bob), f"/api/v1/tasks/{task.pk}/complete/"
    tag = session.get(f"/api/v1/tasks/{task.pk}/")["ETag"]
    answers = [post(session, url, {}, If_Match=text) for text in (tag, tag, "", "nonsense")]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 400]
    assert set(answers[2].json()["errors"]) == {"If-Match"}


def test_requests_without_a_key_are_all_executed(client, acme, bob):
    for _ in "12":
        client.as_(bob).json("POST", PROJECTS, {"name": "Website"})
    assert (names_in(acme), keys_in(acme)) == (["Website", "Website"], 0)


def test_other_key_has_a_second_effect(client, acme, bob):
    assert post(client.as_(bob), key="a").json()["id"] != post(client.as_(bob), key="b").json()["id"]


def test_session_and_token_of_one_user_share_a_key(client, acme, bob):
    assert post(client.as_(bob)).content == post(client.at(acme).with_token(bob)).content


@pytest.mark.parametrize("body", [{"name": "Shop"}, {"name": "Website", "private": True}, {"nonsense": 1}, []])
def test_another_body_under_the_same_key_is_refused(client, acme, bob, body):
    post(client.as_(bob))
    response = post(client.as_(bob), body=body)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_mismatch")
    assert names_in(acme) == ["Website"]


def test_a_patch_needs_no_key(client, acme, bob, project):
    url = f"{PROJECTS}{project.pk}/"
    for name in ("One", "Two"):
        content = json.dumps({"name": name})
        response = client.as_(bob).generic(
            "PATCH", url, content, content_type="application/json", headers={"Idempotency-Key": "key-1"}
        )
        assert (response.status_code, response.json()["name"]) == (200, name)
    assert keys_in(acme) == 0


# Scope of keys -----------------------------------------------------------------------------------------------------


def test_keys_belong_to_one_member(client, acme, alice, bob):
    answers = [post(client.as_(person), body={"name": person.name}) for person in (alice, bob)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert sorted(names_in(acme)) == ["Alice", "Bob"]
    same = [post(client.as_(person), key="same") for person in (alice, bob)]
    assert same[0].json()["id"] != same[1].json()["id"]


def test_keys_belong_to_one_account(client, acme, globex, charlie):
    at = {account: client.as_(charlie, at=account) for account in (acme, globex)}
    first = {account: post(session, body={"name": canary(account)}) for account, session in at.items()}
    assert [answer.status_code for answer in first.values()] == [201, 201]
    for account, answer in first.items():
        assert foreign_canaries(answer.content, account) == []
        assert len(names_in(account)) == 1


def test_keys_belong_to_one_path(client, acme, bob, project, task):
    answers = [
        post(client.as_(bob), "/api/v1/tasks/", {"project": project.pk, "title": "x"}),
        post(client.as_(bob), "/api/v1/subtasks/", {"task": task.pk, "title": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [201, 201]


def test_member_who_lost_the_right_to_write_gets_no_replay(client, acme, bob):
    post(client.as_(bob))
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.role = "viewer"
        membership.save()
    assert post(client.as_(bob)).status_code == 403


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("tasks/", {"project": "{project}", "title": "x"}),
        ("tasks/{task}/complete/", {}),
        ("tasks/SEC-1/complete/", {}),
        ("tasks/bulk/", {"tasks": [{"id": "SEC-1", "title": "x"}]}),
        ("comments/", {"task": "{task}", "body": "x"}),
    ],
)
def test_user_who_lost_access_to_a_row_gets_no_replay(
    client, acme, charlie, admin, secret_project, secret_task, url, fields
):
    def filled(text):
        return text.replace("{project}", str(secret_project.pk)).replace("{task}", str(secret_task.pk))

    url, body = f"/api/v1/{filled(url)}", json.loads(filled(json.dumps(fields)))
    assert post(client.as_(admin), url, body).status_code in (200, 201)
    with tenant_context(acme):
        membership = membership_of(charlie, acme)
        membership.role = "member"
        membership.save()
    response = post(client.as_(charlie), url, body)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_replay_after_deletion_returns_the_first_response(client, acme, bob, project):
    url, body = "/api/v1/tasks/", {"project": project.pk, "title": "x"}
    session = client.as_(bob)
    first = post(session, url, body)
    session.delete(f"{url}{first.json()['id']}/")
    assert post(session, url, body).content == first.content


# Errors ------------------------------------------------------------------------------------------------------------


def test_a_refused_request_leaves_the_key_free(client, acme, bob, project):
    url, body = "/api/v1/projects/", {"name": "Shop", "key": "WEB"}
    assert [post(client.as_(bob), url, body).status_code for _ in "12"] == [400, 400]
    assert keys_in(acme) == 0
    assert post(client.as_(bob), url, {"name": "Shop", "key": "SHOP"}).status_code == 201


@pytest.fixture
def crash(monkeypatch):
    """The creation of a project fails after its write: with an exception or an error response."""

    def crash(status=None):
        create = ProjectViewSet.create

        def failing(self, request):
            create(self, request)
            if status is None:
                raise ZeroDivisionError
            return Response({"code": "invalid"}, status=status)

        monkeypatch.setattr(ProjectViewSet, "create", failing)

    return crash


@pytest.mark.parametrize("status", [None, 400, 409, 503])
def test_a_failure_leaves_neither_effect_nor_key(client, acme, bob, monkeypatch, crash, status):
    crash(status)
    assert post(client.as_(bob)).status_code == (status or 500)
    assert (names_in(acme), keys_in(acme)) == ([], 0)
    monkeypatch.undo()
    assert post(client.as_(bob)).status_code == 201


def test_secret_is_neither_stored_nor_created_twice(client, acme, bob, monkeypatch):
    create = ProjectViewSet.create

    def secret(self, request):
        return Response(create(self, request).data, status=201, headers={"Cache-Control": "no-store"})

    monkeypatch.setattr(ProjectViewSet, "create", secret)
    first, second = post(client.as_(bob)), post(client.as_(bob))
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "conflict")
    assert names_in(acme) == ["Website"]
    with tenant_context(acme):
        assert PlacedIdempotencyKey.objects.get().body is None


# What a key is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["x", "!", "~", "01a1fc96-9d5f-7574-a733-1dc7f5e1bdb0", '"quoted"', "x" * 255, "../../x", "%00", "';--"]
)
def test_visible_characters_are_a_key(client, acme, bob, key):
    answers = [post(client.as_(bob), key=key) for _ in "12"]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert names_in(acme) == ["Website"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x00", "\x7f", "é", "\xff", "a\tb", "x" * 60_000])
def test_malformed_key_is_refused(client, acme, bob, key):
    response = post(client.as_(bob), key=key)
    assert (response.status_code, set(response.json()["errors"])) == (400, {"Idempotency-Key"})
    assert names_in(acme) == []


def test_long_path_is_accepted(client, bob):
    assert post(client.as_(bob), f"/api/v1/nope/{'x' * 9_999}/").status_code == 404
    assert post(client.as_(bob), f"{PROJECTS}{'x' * 9_999}/").status_code == 405


# How long ----------------------------------------------------------------------------------------------------------


def test_key_expires_after_a_day(client, acme, bob, age):
    first = post(client.as_(bob))
    age(hours=23, minutes=59)
    assert post(client.as_(bob)).content == first.content
    age(hours=24, minutes=1)
    again = post(client.as_(bob), body={"name": "Shop"})
    assert (again.status_code, "Idempotency-Replayed" in again) == (201, False)
    assert sorted(names_in(acme)) == ["Shop", "Website"]


def test_old_keys_of_the_account_are_removed_by_new_ones(client, acme, globex, alice, bob, charlie, age):
    for key in ("1", "2", "3"):
        post(client.as_(bob), key=key)
    post(client.as_(charlie, at=globex))
    age(hours=25)
    post(client.as_(alice), key="4")
    assert (keys_in(acme), keys_in(globex)) == (1, 1)


# At once -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("expired", [False, True])
def test_the_same_key_at_the_same_moment_has_one_effect(acme, client, bob, project, task, at_once, age, expired):
    body, answers = {"task": str(task.pk), "title": "Once"}, []
    if expired:
        post(client.as_(bob), "/api/v1/subtasks/", {**body, "title": "Before"})
        age(hours=25)

    def send():
        answers.append(post(client.at(acme).with_token(bob), "/api/v1/subtasks/", body))

    assert at_once(*[send] * 8) == []
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 7
    with tenant_context(acme):
        assert Subtask.objects.filter(title="Once").count() == 1


@pytest.mark.django_db(transaction=True)
def test_different_keys_at_the_same_moment_remove_old_ones_together(acme, client, bob, project, task, at_once, age):
    body, answers = {"task": str(task.pk), "title": "x"}, []
    for number in range(8):
        post(client.as_(bob), "/api/v1/subtasks/", body, key=f"key-{number}")
    age(hours=25)

    def send(number):
        own = client.at(acme).with_token(bob)
        answers.append(post(own, "/api/v1/subtasks/", body, key=f"key-{number}"))

    assert at_once(*[lambda number=number: send(number) for number in range(8)]) == []
    assert {answer.status_code for answer in answers} == {201}
    assert keys_in(acme) == 8
