"""/api/v1/tasks/: the ids in bodies, of projects, statuses, people and labels"""

from uuid import uuid4

import pytest

from projects.models import Label
from tasks.models import Assignment, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/tasks/"
NO_SUCH = ["This object does not exist, or you may not see it."]


def member_id(user, account):
    return str(membership_of(user, account).pk)


# Ids in bodies -----------------------------------------------------------------------------------------------------


@pytest.fixture
def unseen(acme, globex, mallory, secret_project, foreign_project):
    """Ids that bob may not use, by field: of a hidden private project of his account, and of another account."""
    with tenant_context(acme):
        hidden = {"project": [secret_project.pk], "status": [secret_project.statuses.first().pk]}
    with tenant_context(globex):
        foreign = {
            "project": [foreign_project.pk],
            "status": [foreign_project.statuses.first().pk],
            "assignees": [membership_of(mallory, globex).pk],
            "labels": [Label.objects.create(name="Theirs").pk],
        }
    return {name: [str(each) for each in [*hidden.get(name, []), *ids]] for name, ids in foreign.items()}


@pytest.mark.parametrize("field", ["project", "status", "assignees", "labels"])
def test_hidden_id_in_a_body_answers_like_an_absent_one(client, acme, bob, project, unseen, field):
    answers = []
    for unknown in (str(uuid4()), *unseen[field]):
        value = [unknown] if field in ("assignees", "labels") else unknown
        answers.append(client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x", field: value}))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (answers[0].status_code, answers[0].json()["errors"]) == (400, {field: NO_SUCH})
    with tenant_context(acme):
        assert not Task.objects.exists()


@pytest.mark.parametrize("field", ["project", "status", "assignees", "labels"])
def test_update_with_an_unseen_id_is_refused_like_an_absent_id(client, acme, bob, task, unseen, field):
    before = client.as_(bob).get(f"{URL}{task.pk}/").json()
    answers = []
    for unknown in (str(uuid4()), *unseen[field]):
        value = [unknown] if field in ("assignees", "labels") else unknown
        answers.append(client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"title": "Changed", field: value}))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (answers[0].status_code, answers[0].json()["errors"]) == (400, {field: NO_SUCH})
    assert client.as_(bob).get(f"{URL}{task.pk}/").json() == before


@pytest.mark.parametrize("field", ["assignees", "labels"])
def test_unseen_id_among_valid_ones_is_refused(client, acme, bob, task, label, unseen, field):
    good = {"assignees": member_id(bob, acme), "labels": str(label.pk)}[field]
    response = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {field: [good, unseen[field][0]]})
    assert response.json()["errors"] == {field: NO_SUCH}
    with tenant_context(acme):
        assert not Assignment.objects.exists()
        assert not TaskLabel.objects.exists()


def test_the_status_of_another_project_is_refused(client, bob, task):
    other = client.as_(bob).json("POST", "/api/v1/projects/", {"name": "Shop"}).json()["id"]
    status = client.as_(bob).json("POST", URL, {"project": other, "title": "x"}).json()["status"]
    response = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": status, "title": "x"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"status"})
    body = {"project": str(task.project_id), "title": "x", "status": status}
    assert set(client.as_(bob).json("POST", URL, body).json()["errors"]) == {"status"}


def test_body_accepts_a_key_instead_of_an_id(client, bob, task):
    response = client.as_(bob).json("POST", "/api/v1/subtasks/", {"task": "WEB-1", "title": "x"})
    assert (response.status_code, response.json()["task"]) == (201, str(task.pk))


@pytest.mark.parametrize("name", ["WEB-2", "SEC-1", "NO-1"])
def test_absent_or_hidden_key_answers_like_an_absent_id(client, bob, task, secret_task, name):
    response = client.as_(bob).json("POST", "/api/v1/subtasks/", {"task": name, "title": "x"})
    assert (response.status_code, response.json()["errors"]) == (400, {"task": NO_SUCH})


# People and labels -------------------------------------------------------------------------------------------------


def test_assignees_and_labels_are_replaced(client, acme, alice, bob, task, label):
    session, url = client.as_(bob), f"{URL}{task.pk}/"
    hers, his = member_id(alice, acme), member_id(bob, acme)
    session.json("PATCH", url, {"assignees": [hers], "labels": [label.pk]})
    changed = session.json("PATCH", url, {"assignees": [his]}).json()
    assert (changed["assignees"], changed["labels"]) == ([his], [str(label.pk)])
    changed = session.json("PATCH", url, {"assignees": [hers, his], "labels": []}).json()
    assert (changed["assignees"], changed["labels"]) == (sorted([hers, his]), [])


def test_a_change_of_assignees_is_a_new_version(client, acme, bob, task):
    changed = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"assignees": [member_id(bob, acme)]}).json()
    assert changed["version"] == 2


def test_assignee_listed_twice_is_assigned_once(client, acme, bob, task):
    his = member_id(bob, acme)
    changed = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"assignees": [his, his.upper()]}).json()
    assert changed["assignees"] == [his]


def test_viewers_can_be_assigned(client, acme, bob, vera, task):
    body = {"assignees": [member_id(vera, acme)]}
    assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", body).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_assignees_must_see_the_project(client, acme, alice, bob, secret_project, secret_task, method):
    url = URL if method == "POST" else f"{URL}{secret_task.pk}/"
    body = {"project": secret_project.pk, "title": "x", "assignees": [member_id(alice, acme), member_id(bob, acme)]}
    response = client.as_(alice).json(method, url, body)
    assert (response.status_code, set(response.json()["errors"])) == (400, {"assignees"})
    assert member_id(bob, acme) in response.json()["errors"]["assignees"][0]
    with tenant_context(acme):
        assert not Assignment.objects.exists()
        assert Task.objects.get().title == "Buy the competition"


def test_admins_see_every_project_and_so_can_be_assigned(client, acme, alice, secret_task):
    body = {"assignees": [member_id(alice, acme)]}
    assert client.as_(alice).json("PATCH", f"{URL}{secret_task.pk}/", body).status_code == 200


def test_former_member_answers_like_an_absent_member(client, acme, alice, bob, task):
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.ended_at = membership.joined_at
        membership.save()
    response = client.as_(alice).json("PATCH", f"{URL}{task.pk}/", {"assignees": [str(membership.pk)]})
    assert response.json()["errors"] == {"assignees": NO_SUCH}


# Assignees who have left, or do not see the project any more -------------------------------------------------------


@pytest.fixture
def left_task(client, acme, alice, bob, vera, task):
    """A task of bob and vera; bob has left the account since."""
    ids = [member_id(bob, acme), member_id(vera, acme)]
    assert client.as_(alice).json("PATCH", f"{URL}{task.pk}/", {"assignees": ids}).status_code == 200
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.ended_at = membership.joined_at
        membership.save()
    return task


@pytest.fixture(params=["PATCH", "bulk"])
def change(client, alice, request):
    """Change a task by one of the endpoints; return the status, and the task or the errors."""

    def change(task, **fields):
        session = client.as_(alice)
        if request.param == "bulk":
            answer = session.json("POST", f"{URL}bulk/", {"tasks": [{"id": str(task.pk), **fields}]})
            good = answer.status_code == 200
            return answer.status_code, answer.json()["results"][0]["task"] if good else answer.json()["errors"]
        answer = session.json("PATCH", f"{URL}{task.pk}/", fields)
        return answer.status_code, answer.json() if answer.status_code == 200 else answer.json()["errors"]

    return change


def test_own_list_is_accepted_after_an_assignee_has_left(client, acme, alice, bob, vera, left_task, change):
    own = client.as_(alice).get(f"{URL}{left_task.pk}/").json()
    status, changed = change(left_task, assignees=own["assignees"], title="Changed")
    assert (status, changed["title"]) == (200, "Changed")
    assert changed["assignees"] == own["assignees"] == sorted([member_id(bob, acme), member_id(vera, acme)])


def test_member_is_added_beside_one_who_has_left(acme, alice, bob, left_task, change):
    wanted = [member_id(alice, acme), member_id(bob, acme)]
    status, changed = change(left_task, assignees=wanted)
    assert (status, changed["assignees"]) == (200, sorted(wanted))


def test_former_assignee_cannot_be_added_again(acme, bob, vera, left_task, change):
    assert change(left_task, assignees=[member_id(vera, acme)])[0] == 200
    status, errors = change(left_task, assignees=[member_id(bob, acme), member_id(vera, acme)])
    assert (status, [text for texts in errors.values() for text in texts]) == (400, NO_SUCH)


def test_assignee_who_lost_sight_of_the_project_stays(client, acme, alice, bob, secret_project, secret_task, change):
    members, his = f"/api/v1/projects/{secret_project.pk}/members/", member_id(bob, acme)
    assert client.as_(alice).json("POST", members, {"member": his}).status_code < 300
    assert change(secret_task, assignees=[his])[0] == 200
    assert client.as_(alice).delete(f"{members}{his}/").status_code == 204
    status, changed = change(secret_task, assignees=[his, member_id(alice, acme)])
    assert (status, changed["assignees"]) == (200, sorted([his, member_id(alice, acme)]))
    change(secret_task, assignees=[])
    assert change(secret_task, assignees=[his])[0] == 400
