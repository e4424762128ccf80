"""/api/v1/projects/"""

from uuid import uuid4

import pytest

from projects.models import Activity, Project, ProjectMember
from tenancy.context import tenant_context

URL = "/api/v1/projects/"
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}


def names(response):
    return [row["name"] for row in response.json()["results"]]


# Reading -----------------------------------------------------------------------------------------------------------


def test_a_project_has_the_fields_of_the_contract(client, bob, project):
    response = client.as_(bob).get(f"{URL}{project.pk}/")
    assert response.status_code == 200
    assert response.json() == {
        "id": str(project.pk),
        "key": "WEB",
        "name": "Website",
        "description": "",
        "color": "blue",
        "private": False,
        "archived_at": None,
        "created_at": project.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": response.json()["updated_at"],
    }


def test_list_entries_have_the_fields_of_the_detail(client, bob, project):
    detail = client.as_(bob).get(f"{URL}{project.pk}/").json()
    assert client.as_(bob).get(URL).json() == {"next": None, "previous": None, "results": [detail]}


def test_viewer_can_read(client, vera, project):
    assert names(client.as_(vera).get(URL)) == ["Website"]
    assert client.as_(vera).get(f"{URL}{project.pk}/").status_code == 200


def test_the_list_is_ordered_by_key(client, bob):
    for key in ("MID", "ZET", "ABC"):
        client.as_(bob).json("POST", URL, {"name": "x", "key": key})
    assert [row["key"] for row in client.as_(bob).get(URL).json()["results"]] == ["ABC", "MID", "ZET"]


def test_list_has_rows_of_the_account_only(client, acme, globex, charlie, project, foreign_project):
    for account, expected in ((acme, project), (globex, foreign_project)):
        rows = client.as_(charlie, at=account).get(URL).json()["results"]
        assert [row["id"] for row in rows] == [str(expected.pk)]


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_project_answers_a_non_member_like_an_absent_project(client, mallory, project, method):
    theirs = client.as_(mallory).json(method, f"{URL}{project.pk}/", {"name": "Mine"})
    absent = client.as_(mallory).json(method, f"{URL}{uuid4()}/", {"name": "Mine"})
    assert theirs.content == absent.content
    assert (theirs.status_code, theirs.json()) == (absent.status_code, absent.json()) == (404, NOT_FOUND)


def test_non_member_cannot_delete(client, globex, acme, mallory, project):
    theirs = client.as_(mallory).delete(f"{URL}{project.pk}/")
    absent = client.as_(mallory).delete(f"{URL}{uuid4()}/")
    assert (theirs.status_code, theirs.content) == (absent.status_code, absent.content)
    assert theirs.status_code == 404
    with tenant_context(acme):
        assert Project.objects.filter(pk=project.pk).exists()


# Archived ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def archived(acme, project):
    with tenant_context(acme):
        return Project.objects.create(key="OLD", name="Old", archived_at=project.created_at)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Website"]),
        ("?archived=false", ["Website"]),
        ("?archived=true", ["Old"]),
        ("?archived=all", ["Old", "Website"]),
    ],
)
def test_archived_projects_are_listed_on_request(client, bob, archived, query, expected):
    assert names(client.as_(bob).get(f"{URL}{query}")) == expected


def test_an_archived_project_is_still_found_by_its_id(client, bob, archived):
    assert client.as_(bob).get(f"{URL}{archived.pk}/").json()["archived_at"]


@pytest.mark.parametrize("value", ["", "yes", "True", "1", "%00"])
def test_another_value_is_refused(client, bob, value):
    response = client.as_(bob).get(f"{URL}?archived={value}")
    assert (response.status_code, set(response.json()["errors"])) == (400, {"archived"})


# Creating ----------------------------------------------------------------------------------------------------------


def test_project_needs_only_a_name(client, bob):
    response = client.as_(bob).json("POST", URL, {"name": "Mobile app"})
    assert response.status_code == 201
    assert response.json()["key"] == "MA"
    assert client.as_(bob).get(f"{URL}{response.json()['id']}/").json() == response.json()


def test_all_fields_can_be_set_on_creation(client, bob):
    chosen = {"name": "Website", "key": "SITE", "description": "  # Plans\n", "color": "teal", "private": True}
    response = client.as_(bob).json("POST", URL, chosen)
    assert response.status_code == 201
    assert {name: response.json()[name] for name in chosen} == chosen


def test_the_four_statuses_are_added(client, acme, bob):
    response = client.as_(bob).json("POST", URL, {"name": "Website"})
    with tenant_context(acme):
        statuses = Project.objects.get(pk=response.json()["id"]).statuses.order_by("rank")
        assert [(status.name, status.category) for status in statuses] == [
            ("Backlog", "backlog"),
            ("To do", "todo"),
            ("In progress", "doing"),
            ("Done", "done"),
        ]


def test_creator_is_a_member_of_the_project(client, acme, bob):
    response = client.as_(bob).json("POST", URL, {"name": "Website", "private": True})
    with tenant_context(acme):
        assert ProjectMember.objects.get(project=response.json()["id"]).member.user_id == bob.pk


def test_name_is_required(client, bob):
    response = client.as_(bob).json("POST", URL, {"key": "WEB"})
    assert (response.status_code, response.json()["errors"]) == (400, {"name": ["This field is required."]})


@pytest.mark.parametrize("key", ["web", "W", "1WEB", "WEB-1", "WEBSITE1234", "WÉB", "W\nB", "ＷＥＢ", " ", ""])
def test_malformed_key_is_refused(client, bob, key):
    response = client.as_(bob).json("POST", URL, {"name": "x", "key": key})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"key"})


def test_space_around_names_and_keys_does_not_count(client, bob):
    created = client.as_(bob).json("POST", URL, {"name": " Website ", "key": "WEB\n"}).json()
    assert (created["name"], created["key"]) == ("Website", "WEB")


def test_a_key_that_is_taken_is_refused(client, bob, project):
    response = client.as_(bob).json("POST", URL, {"name": "x", "key": "WEB"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"key"})


def test_a_key_that_another_account_has_is_free(client, bob, foreign_project):
    assert client.as_(bob).json("POST", URL, {"name": "x", "key": "WEB"}).status_code == 201


def test_generated_key_avoids_taken_keys(client, bob, project):
    assert client.as_(bob).json("POST", URL, {"name": "Website"}).json()["key"] == "WEB2"


def test_read_only_fields_are_ignored(client, bob, acme, globex):
    sent = {"name": "x", "id": str(uuid4()), "archived_at": "2020-01-01T00:00Z", "created_at": "2020-01-01T00:00Z"}
    response = client.as_(bob).json("POST", URL, sent)
    assert response.status_code == 201
    assert all(response.json()[name] != sent[name] for name in ("id", "archived_at", "created_at"))


@pytest.mark.parametrize("field", ["on_roadmap", "last_activity_seq", "account"])
def test_internal_fields_are_refused(client, bob, field):
    response = client.as_(bob).json("POST", URL, {"name": "x", field: 1})
    assert (response.status_code, set(response.json()["errors"])) == (400, {field})


def test_viewer_cannot_create_a_project(client, acme, vera):
    for body in ({"name": "Mine"}, {}, {"nonsense": 1}):
        response = client.as_(vera).json("POST", URL, body)
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    with tenant_context(acme):
        assert not Project.objects.exists()


# Changing ----------------------------------------------------------------------------------------------------------


def test_members_edit_projects_that_they_see(client, bob, project):
    changes = {"name": "Shop", "key": "SHOP", "description": "Sells.", "color": "red"}
    response = client.as_(bob).json("PATCH", f"{URL}{project.pk}/", changes)
    assert response.status_code == 200
    assert {name: response.json()[name] for name in changes} == changes
    assert client.as_(bob).get(f"{URL}{project.pk}/").json() == response.json()


def test_fields_missing_from_a_patch_are_unchanged(client, bob, project):
    before = client.as_(bob).get(f"{URL}{project.pk}/").json()
    after = client.as_(bob).json("PATCH", f"{URL}{project.pk}/", {"color": "red"}).json()
    assert {**after, "updated_at": None} == {**before, "updated_at": None, "color": "red"}
    assert after["updated_at"] > before["updated_at"]


def test_an_empty_change_changes_nothing(client, acme, bob, project):
    before = client.as_(bob).get(f"{URL}{project.pk}/").json()
    for change in ({}, {"name": "Website", "color": "blue"}):
        response = client.as_(bob).json("PATCH", f"{URL}{project.pk}/", change)
        assert (response.status_code, response.json()) == (200, before)
    with tenant_context(acme):
        assert Activity.objects.count() == 1  # that it was created


def test_the_key_of_another_project_is_refused(client, bob, project):
    client.as_(bob).json("POST", URL, {"name": "x", "key": "SHOP"})
    response = client.as_(bob).json("PATCH", f"{URL}{project.pk}/", {"key": "SHOP"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"key"})


def test_viewer_cannot_change_a_project(client, acme, vera, project):
    for place in (project.pk, uuid4()):
        response = client.as_(vera).json("PATCH", f"{URL}{place}/", {"name": "Mine"})
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    with tenant_context(acme):
        assert Project.objects.get().name == "Website"


# Deleting ----------------------------------------------------------------------------------------------------------


def test_admins_delete_projects_with_everything_in_them(client, acme, admin, project, task, subtask):
    assert client.as_(admin).delete(f"{URL}{project.pk}/").status_code == 204
    assert client.as_(admin).get(f"{URL}{project.pk}/").status_code == 404
    assert client.as_(admin).get(f"/api/v1/tasks/{task.pk}/").status_code == 404
    assert client.as_(admin).get(f"/api/v1/subtasks/{subtask.pk}/").status_code == 404


def test_owners_delete_projects(client, alice, project):
    assert client.as_(alice).delete(f"{URL}{project.pk}/").status_code == 204


def test_deleted_project_is_gone(client, alice, project):
    client.as_(alice).delete(f"{URL}{project.pk}/")
    assert client.as_(alice).delete(f"{URL}{project.pk}/").status_code == 404


@pytest.mark.parametrize("name", ["bob", "vera"])
def test_members_and_viewers_cannot_delete_projects(client, acme, request, project, name):
    person = request.getfixturevalue(name)
    for place in (project.pk, uuid4()):  # the same answer, whatever exists
        response = client.as_(person).delete(f"{URL}{place}/")
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    with tenant_context(acme):
        assert Project.objects.exists()


def test_member_cannot_delete_their_own_project(client, bob):
    created = client.as_(bob).json("POST", URL, {"name": "Website"}).json()
    assert client.as_(bob).delete(f"{URL}{created['id']}/").status_code == 403


# Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, 100])
def test_a_list_takes_as_many_queries_however_long_it_is(client, acme, bob, amount, django_assert_num_queries):
    with tenant_context(acme):
        Project.objects.bulk_create(Project(key=f"P{number:03}", name="x") for number in range(amount))
    session = client.as_(bob)
    session.get(URL)  # so that the host is looked up
    with django_assert_num_queries(2):  # session with user and membership; projects
        assert len(session.get(f"{URL}?page_size=200").json()["results"]) == amount
