"""/api/v1/subtasks/"""

from uuid import uuid4

import pytest

from tasks.actions.subtasks import create_subtask
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/subtasks/"
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}
NO_SUCH = ["This object does not exist, or you may not see it."]


@pytest.fixture
def secret_subtask(acme, alice, secret_task):
    with tenant_context(acme):
        return create_subtask(actor=membership_of(alice, acme), task=secret_task, title="Ask for the price")


@pytest.fixture
def foreign_subtask(globex, mallory, foreign_task):
    with tenant_context(globex):
        return create_subtask(actor=membership_of(mallory, globex), task=foreign_task, title="Hide")


# Reading -----------------------------------------------------------------------------------------------------------


def test_a_subtask_has_the_fields_of_the_contract(client, bob, task, subtask):
    response = client.as_(bob).get(f"{URL}{subtask.pk}/")
    assert response.status_code == 200
    assert response.json() == {
        "id": str(subtask.pk),
        "task": str(task.pk),
        "title": "Find a picture",
        "done": False,
        "rank": subtask.rank,
    }
    assert client.as_(bob).get(URL).json() == {"next": None, "previous": None, "results": [response.json()]}


def test_the_list_is_ordered_by_rank_byte_by_byte(client, acme, bob, task):
    ranks = ["V0000", "V000a", "V000B", "V00005", "v0000", "00001"]
    with tenant_context(acme):
        Subtask.objects.bulk_create(Subtask(task=task, title="x", rank=rank) for rank in ranks)
    assert [row["rank"] for row in client.as_(bob).get(URL).json()["results"]] == sorted(ranks)


def test_viewer_can_read(client, vera, subtask):
    assert client.as_(vera).get(f"{URL}{subtask.pk}/").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["subtask", "secret_subtask", "foreign_subtask"])
def test_hidden_and_foreign_subtasks_answer_like_absent_ones(
    client, request, bob, mallory, subtask, secret_subtask, foreign_subtask, method, name
):
    person = mallory if name == "subtask" else bob
    target = request.getfixturevalue(name)
    hidden = client.as_(person).json(method, f"{URL}{target.pk}/", {"done": True})
    absent = client.as_(person).json(method, f"{URL}{uuid4()}/", {"done": True})
    assert hidden.content == absent.content
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json()) == (404, NOT_FOUND)


def test_subtasks_of_private_projects_are_not_listed(client, alice, bob, subtask, secret_subtask):
    for person, amount in ((alice, 2), (bob, 1)):
        assert len(client.as_(person).get(URL).json()["results"]) == amount


# Creating ----------------------------------------------------------------------------------------------------------


def test_subtask_needs_only_task_and_title(client, bob, task):
    response = client.as_(bob).json("POST", URL, {"task": task.pk, "title": "Hello"})
    assert response.status_code == 201
    assert (response.json()["title"], response.json()["done"]) == ("Hello", False)
    assert client.as_(bob).get(f"{URL}{response.json()['id']}/").json() == response.json()


def test_subtask_can_be_created_as_done(client, bob, task):
    assert client.as_(bob).json("POST", URL, {"task": task.pk, "title": "x", "done": True}).json()["done"] is True


def test_a_new_subtask_is_the_last_of_its_task(client, bob, task):
    ranks = [client.as_(bob).json("POST", URL, {"task": task.pk, "title": "x"}).json()["rank"] for _ in "1234"]
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("missing", ["task", "title"])
def test_missing_required_field_is_named(client, bob, task, missing):
    body = {"task": task.pk, "title": "x"}
    del body[missing]
    response = client.as_(bob).json("POST", URL, body)
    assert (response.status_code, response.json()["errors"]) == (400, {missing: ["This field is required."]})


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_hidden_task_in_a_body_answers_like_an_absent_one(
    client, acme, bob, subtask, secret_task, foreign_task, method
):
    url = URL if method == "POST" else f"{URL}{subtask.pk}/"
    answers = [
        client.as_(bob).json(method, url, {"task": str(task), "title": "Mine"})
        for task in (uuid4(), secret_task.pk, foreign_task.pk)
    ]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (answers[0].status_code, answers[0].json()["errors"]) == (400, {"task": NO_SUCH})
    with tenant_context(acme):
        assert [each.title for each in Subtask.objects.all()] == ["Find a picture"]


def test_server_chooses_the_id(client, bob, task):
    chosen = str(uuid4())
    response = client.as_(bob).json("POST", URL, {"task": task.pk, "title": "x", "id": chosen})
    assert (response.status_code, response.json()["id"] == chosen) == (201, False)


# Changing ----------------------------------------------------------------------------------------------------------


def test_fields_are_changed(client, bob, subtask):
    changes = {"title": "Paint a picture", "done": True, "rank": "V000z"}
    response = client.as_(bob).json("PATCH", f"{URL}{subtask.pk}/", changes)
    assert response.status_code == 200
    assert {name: response.json()[name] for name in changes} == changes
    assert client.as_(bob).get(f"{URL}{subtask.pk}/").json() == response.json()


def test_task_counts_its_subtasks(client, bob, task, subtask):
    client.as_(bob).json("PATCH", f"{URL}{subtask.pk}/", {"done": True})
    shown = client.as_(bob).get(f"/api/v1/tasks/{task.pk}/").json()
    assert (shown["subtasks_done"], shown["subtasks_total"], shown["version"]) == (1, 1, 1)


def test_a_subtask_stays_in_its_task(client, acme, bob, project, task, subtask):
    other = client.as_(bob).json("POST", "/api/v1/tasks/", {"project": project.pk, "title": "x"}).json()["id"]
    response = client.as_(bob).json("PATCH", f"{URL}{subtask.pk}/", {"task": other, "title": "Moved"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"task"})
    assert client.as_(bob).get(f"{URL}{subtask.pk}/").json()["title"] == "Find a picture"
    assert client.as_(bob).json("PATCH", f"{URL}{subtask.pk}/", {"task": str(task.pk)}).status_code == 200


@pytest.mark.parametrize("rank", ["a", "V000", "V00000", "V000é", "V0000 x", "-----", "V" * 256, "１２３４５"])
def test_a_rank_that_leaves_no_room_is_refused(client, bob, subtask, rank):
    response = client.as_(bob).json("PATCH", f"{URL}{subtask.pk}/", {"rank": rank})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"rank"})


def test_subtasks_can_be_added_after_the_last_rank(client, bob, task, subtask):
    client.as_(bob).json("PATCH", f"{URL}{subtask.pk}/", {"rank": "zzzzz"})
    for title in ("second", "third"):
        assert client.as_(bob).json("POST", URL, {"task": task.pk, "title": title}).status_code == 201
    titles = [row["title"] for row in client.as_(bob).get(URL).json()["results"]]
    assert titles == ["Find a picture", "second", "third"]


# Roles and deleting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"title": "Mine"}, {"nonsense": 1}])
def test_viewer_cannot_write(client, acme, vera, task, subtask, body):
    session = client.as_(vera)
    answers = [session.json("POST", URL, {"task": task.pk, **body})]
    for place in (subtask.pk, uuid4()):
        answers += [session.json("PATCH", f"{URL}{place}/", body), session.delete(f"{URL}{place}/")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "permission_denied")}
    with tenant_context(acme):
        assert [each.title for each in Subtask.objects.all()] == ["Find a picture"]


def test_members_delete_subtasks(client, acme, bob, subtask):
    assert client.as_(bob).delete(f"{URL}{subtask.pk}/").status_code == 204
    assert client.as_(bob).delete(f"{URL}{subtask.pk}/").status_code == 404
    with tenant_context(acme):
        assert Task.objects.exists()


# Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, 100])
def test_a_list_takes_as_many_queries_however_long_it_is(client, acme, bob, task, amount, django_assert_num_queries):
    with tenant_context(acme):
        Subtask.objects.bulk_create(Subtask(task=task, title="x", rank="V0000") for _ in range(amount))
    session = client.as_(bob)
    session.get(URL)  # so that the host is looked up
    with django_assert_num_queries(2):  # session with user and membership; subtasks
        assert len(session.get(f"{URL}?page_size=200").json()["results"]) == amount
