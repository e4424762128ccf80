"""/api/v1/statuses/"""

import pytest

from projects.models import Activity, Status
from tenancy.context import tenant_context

URL = "/api/v1/statuses/"


@pytest.fixture
def session(client, admin):
    return client.as_(admin)


def named(session, project, **parameters):
    rows = session.get(URL, {"project": project.pk, **parameters}).json()["results"]
    return [row["name"] for row in rows]


def test_a_status_has_the_fields_of_the_contract(client, bob, project, statuses):
    response = client.as_(bob).get(f"{URL}{statuses['todo'].pk}/")
    assert response.json() == {
        "id": str(statuses["todo"].pk),
        "project": str(project.pk),
        "name": "To do",
        "category": "todo",
        "rank": statuses["todo"].rank,
    }


def test_statuses_are_listed_in_board_order(client, bob, project):
    assert named(client.as_(bob), project) == ["Backlog", "To do", "In progress", "Done"]
    assert named(client.as_(bob), project, category="done") == ["Done"]


def test_new_status_is_the_last(session, project):
    response = session.json("POST", URL, {"project": project.pk, "name": "Review", "category": "doing"})
    assert response.status_code == 201
    assert named(session, project)[-1] == "Review"


def test_status_can_be_inserted_between_others(session, project, statuses):
    body = {"project": project.pk, "name": "Review", "category": "doing", "rank": f"{statuses['doing'].rank}V"}
    assert session.json("POST", URL, body).status_code == 201
    assert named(session, project)[3] == "Review"


@pytest.mark.parametrize("name", ["To do", "", " ", "x" * 51])
def test_status_name_is_required_and_unique(session, project, name):
    response = session.json("POST", URL, {"project": project.pk, "name": name, "category": "todo"})
    assert (response.status_code, len(response.json()["errors"])) == (400, 1)


def test_a_board_has_fifty_columns_at_most(session, acme, project):
    with tenant_context(acme):
        Status.objects.bulk_create(
            Status(project=project, name=f"Column {number}", category="todo", rank="V0000") for number in range(46)
        )
    response = session.json("POST", URL, {"project": project.pk, "name": "One more", "category": "todo"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"project"})


def test_renamed_status_is_recorded_as_activity(session, acme, statuses):
    response = session.json("PATCH", f"{URL}{statuses['todo'].pk}/", {"name": "Next"})
    assert (response.status_code, response.json()["name"]) == (200, "Next")
    with tenant_context(acme):
        assert Activity.objects.filter(verb="status.updated", object_id=statuses["todo"].pk).exists()


def test_project_of_a_status_cannot_be_changed(session, statuses):
    other = session.json("POST", "/api/v1/projects/", {"name": "Shop"}).json()["id"]
    response = session.json("PATCH", f"{URL}{statuses['todo'].pk}/", {"project": other})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"project"})


def test_status_with_tasks_cannot_be_deleted_or_become_done(session, statuses, task):
    url = f"{URL}{statuses['todo'].pk}/"
    for response in (session.delete(url), session.json("PATCH", url, {"category": "done"})):
        assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert session.json("PATCH", url, {"category": "doing"}).status_code == 200


def test_status_without_tasks_is_deleted(session, project, statuses):
    assert session.delete(f"{URL}{statuses['backlog'].pk}/").status_code == 204
    assert "Backlog" not in named(session, project)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_only_admins_change_statuses(client, bob, vera, project, statuses, method):
    url = URL if method == "POST" else f"{URL}{statuses['backlog'].pk}/"
    for person in (bob, vera):
        body = {"project": project.pk, "name": "x", "category": "todo"}
        assert client.as_(person).json(method, url, body).status_code == 403


def test_statuses_of_a_hidden_project_are_not_found(client, alice, bob, secret_project):
    hidden = client.as_(alice).get(URL, {"project": secret_project.pk}).json()["results"][0]["id"]
    assert client.as_(bob).get(f"{URL}{hidden}/").status_code == 404
    assert named(client.as_(bob), secret_project) == []
