"""/api/v1/tasks/"""

from uuid import uuid4

import pytest

from projects.models import Activity, Label, Project, ProjectMember
from tasks.actions import create_task
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/tasks/"
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}
NO_SUCH = ["There is no such object, or you may not see it."]


def member_id(user, account):
    return str(membership_of(user, account).pk)


# Reading -----------------------------------------------------------------------------------------------------------


def test_a_task_has_the_fields_of_the_contract(client, bob, project, task, statuses):
    response = client.as_(bob).get(f"{URL}{task.pk}/")
    assert response.status_code == 200
    assert response.json() == {
        "id": str(task.pk),
        "project": str(project.pk),
        "number": 1,
        "key": "WEB-1",
        "title": "Write the welcome page",
        "description": "",
        "status": str(statuses["todo"].pk),
        "priority": "none",
        "assignees": [],
        "labels": [],
        "due_date": None,
        "rank": task.rank,
        "completed_at": None,
        "archived_at": None,
        "version": 1,
        "subtasks_done": 0,
        "subtasks_total": 0,
        "created_at": task.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": task.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_the_list_has_the_same_form(client, bob, task):
    detail = client.as_(bob).get(f"{URL}{task.pk}/").json()
    assert client.as_(bob).get(URL).json() == {"next": None, "previous": None, "results": [detail]}


def test_subtasks_are_counted(client, acme, bob, task):
    with tenant_context(acme):
        Subtask.objects.bulk_create(
            Subtask(task=task, title="x", done=done, rank="V0000") for done in (True, True, False)
        )
    shown = client.as_(bob).get(f"{URL}{task.pk}/").json()
    assert (shown["subtasks_done"], shown["subtasks_total"]) == (2, 3)


def test_the_newest_come_first(client, bob, project):
    for title in ("first", "second", "third"):
        client.as_(bob).json("POST", URL, {"project": project.pk, "title": title})
    titles = [row["title"] for row in client.as_(bob).get(URL).json()["results"]]
    assert titles == ["third", "second", "first"]


def test_viewers_read(client, vera, task):
    assert client.as_(vera).get(f"{URL}{task.pk}/").status_code == 200


def test_each_account_lists_its_own(client, acme, globex, charlie, task, foreign_task):
    for account, expected in ((acme, task), (globex, foreign_task)):
        rows = client.as_(charlie, at=account).get(URL).json()["results"]
        assert [row["id"] for row in rows] == [str(expected.pk)]


# Names in the address ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "HEAD"])
def test_the_key_works_where_an_id_does(client, bob, task, method):
    assert client.as_(bob).json(method, f"{URL}WEB-1/", {}).status_code in (200, 204)


def test_the_same_key_names_another_task_in_another_account(client, acme, globex, charlie, task, foreign_task):
    for account, expected in ((acme, task), (globex, foreign_task)):
        assert client.as_(charlie, at=account).get(f"{URL}WEB-1/").json()["id"] == str(expected.pk)


def test_a_renamed_project_takes_its_tasks_along(client, bob, project, task):
    client.as_(bob).json("PATCH", f"/api/v1/projects/{project.pk}/", {"key": "SHOP"})
    assert client.as_(bob).get(f"{URL}WEB-1/").status_code == 404
    assert client.as_(bob).get(f"{URL}SHOP-1/").json()["key"] == "SHOP-1"


# What may not be seen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["task", "secret_task", "foreign_task"])
def test_what_may_not_be_seen_cannot_be_told_from_what_does_not_exist(
    client, request, bob, mallory, task, secret_task, foreign_task, method, name
):
    person = mallory if name == "task" else bob
    target = request.getfixturevalue(name)
    hidden = client.as_(person).json(method, f"{URL}{target.pk}/", {"title": "Mine"})
    absent = client.as_(person).json(method, f"{URL}{uuid4()}/", {"title": "Mine"})
    assert hidden.content == absent.content
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_nor_by_its_key(client, bob, secret_task, method):
    hidden = client.as_(bob).json(method, f"{URL}SEC-1/", {})
    absent = client.as_(bob).json(method, f"{URL}SEC-2/", {})
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    assert hidden.status_code == 404


def test_tasks_of_private_projects_are_not_listed(client, alice, bob, vera, task, secret_task):
    for person, amount in ((alice, 2), (bob, 1), (vera, 1)):
        assert len(client.as_(person).get(URL).json()["results"]) == amount


def test_members_of_a_private_project_see_its_tasks(client, acme, bob, secret_project, secret_task):
    with tenant_context(acme):
        ProjectMember.objects.create(project=secret_project, member=membership_of(bob, acme))
    assert client.as_(bob).get(f"{URL}SEC-1/").status_code == 200


# Archived ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def archived(acme, alice, project, task):
    """One task that is archived, and one in a project that is."""
    with tenant_context(acme):
        old = create_task(actor=membership_of(alice, acme), project=project, title="Old")
        Task.objects.filter(pk=old.pk).update(archived_at=task.created_at)
        closed = Project.objects.create(key="OLD", name="Closed", archived_at=task.created_at)
        status = closed.statuses.create(name="To do", category="todo", rank="V0000")
        Task.objects.create(project=closed, number=1, title="Closed", status=status, rank="V0000")
    return old


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"Write the welcome page"}),
        ("?archived=false", {"Write the welcome page"}),
        ("?archived=true", {"Old", "Closed"}),
        ("?archived=all", {"Write the welcome page", "Old", "Closed"}),
    ],
)
def test_archived_tasks_are_shown_when_they_are_asked_for(client, bob, archived, query, expected):
    assert {row["title"] for row in client.as_(bob).get(f"{URL}{query}").json()["results"]} == expected


def test_an_archived_task_is_still_found_by_its_id(client, bob, archived):
    assert client.as_(bob).get(f"{URL}{archived.pk}/").json()["archived_at"]


# Creating ----------------------------------------------------------------------------------------------------------


def test_project_and_title_are_enough(client, bob, project, statuses):
    response = client.as_(bob).json("POST", URL, {"project": project.pk, "title": "Hello"})
    assert response.status_code == 201
    shown = response.json()
    assert (shown["status"], shown["priority"], shown["version"]) == (str(statuses["todo"].pk), "none", 1)
    assert client.as_(bob).get(f"{URL}{shown['id']}/").json() == shown


def test_everything_can_be_chosen(client, acme, alice, bob, project, label, statuses):
    chosen = {
        "project": str(project.pk),
        "title": "Hello",
        "description": "    code\n\n* list\n",
        "status": str(statuses["doing"].pk),
        "priority": "urgent",
        "assignees": sorted([member_id(alice, acme), member_id(bob, acme)]),
        "labels": [str(label.pk)],
        "due_date": "2026-12-24",
    }
    response = client.as_(bob).json("POST", URL, chosen)
    assert response.status_code == 201
    assert {name: response.json()[name] for name in chosen} == chosen


@pytest.mark.parametrize("missing", ["project", "title"])
def test_what_is_needed_is_named(client, bob, project, missing):
    body = {"project": project.pk, "title": "x"}
    del body[missing]
    response = client.as_(bob).json("POST", URL, body)
    assert (response.status_code, response.json()["errors"]) == (400, {missing: ["This field is required."]})


def test_numbers_count_per_project(client, bob):
    for name in ("Website", "Shop"):
        project = client.as_(bob).json("POST", "/api/v1/projects/", {"name": name}).json()["id"]
        numbers = [
            client.as_(bob).json("POST", URL, {"project": project, "title": "x"}).json()["number"] for _ in "123"
        ]
        assert numbers == [1, 2, 3]


def test_the_number_of_a_deleted_task_is_not_given_again(client, bob, project, task):
    client.as_(bob).delete(f"{URL}{task.pk}/")
    assert client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x"}).json()["number"] == 2


def test_a_new_task_is_the_last_of_its_column(client, bob, project):
    ranks = [client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x"}).json()["rank"] for _ in "1234"]
    assert ranks == sorted(set(ranks))


def test_a_task_that_is_created_as_done_is_completed(client, bob, project, statuses):
    body = {"project": project.pk, "title": "x", "status": statuses["done"].pk}
    assert client.as_(bob).json("POST", URL, body).json()["completed_at"]


def test_without_a_status_to_do_one_must_be_named(client, acme, bob, project, statuses):
    with tenant_context(acme):
        statuses["todo"].delete()
    response = client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"status"})
    body = {"project": project.pk, "title": "x", "status": statuses["backlog"].pk}
    assert client.as_(bob).json("POST", URL, body).status_code == 201


READ_ONLY = {
    "id": str(uuid4()),
    "number": 77,
    "key": "WEB-77",
    "rank": "00000",
    "completed_at": "2020-01-01T00:00:00Z",
    "archived_at": "2020-01-01T00:00:00Z",
    "version": 77,
    "subtasks_done": 77,
    "subtasks_total": 77,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
}


@pytest.mark.parametrize("field", READ_ONLY)
def test_read_only_fields_are_ignored(client, bob, project, field):
    sent = {field: READ_ONLY[field]}
    created = client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x", **sent})
    assert (created.status_code, created.json()[field] == sent[field]) == (201, False)
    changed = client.as_(bob).json("PATCH", f"{URL}{created.json()['id']}/", sent)
    assert (changed.status_code, changed.json()) == (200, created.json())


def test_what_was_read_can_be_sent_back(client, acme, bob, label, project):
    body = {"project": project.pk, "title": "x", "labels": [label.pk], "assignees": [member_id(bob, acme)]}
    shown = client.as_(bob).json("POST", URL, body).json()
    response = client.as_(bob).json("PATCH", f"{URL}{shown['id']}/", shown)
    assert (response.status_code, response.json()) == (200, shown)


# Roles -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"title": "Mine"}, {"nonsense": 1}])
def test_viewers_write_nothing(client, acme, vera, project, task, body):
    session = client.as_(vera)
    answers = [session.json("POST", URL, {"project": project.pk, **body})]
    for place in (task.pk, "WEB-1", uuid4()):
        answers += [session.json("PATCH", f"{URL}{place}/", body), session.delete(f"{URL}{place}/")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "permission_denied")}
    with tenant_context(acme):
        assert [each.title for each in Task.objects.all()] == ["Write the welcome page"]


def test_members_write_in_projects_that_they_see_without_being_members_of_them(client, bob, project, task):
    session = client.as_(bob)
    assert session.json("POST", URL, {"project": project.pk, "title": "x"}).status_code == 201
    assert session.json("PATCH", f"{URL}{task.pk}/", {"title": "x"}).status_code == 200
    assert session.delete(f"{URL}{task.pk}/").status_code == 204


# Changing ----------------------------------------------------------------------------------------------------------


def test_fields_are_changed(client, bob, task):
    changes = {"title": "Better", "description": "*Much* better", "priority": "high", "due_date": "2027-01-01"}
    response = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", changes)
    assert response.status_code == 200
    assert {name: response.json()[name] for name in changes} == changes
    assert client.as_(bob).get(f"{URL}{task.pk}/").json() == response.json()


def test_a_due_date_is_taken_away_with_null(client, bob, task):
    client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"due_date": "2027-01-01"})
    assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"due_date": None}).json()["due_date"] is None


def test_every_change_is_a_new_version(client, bob, task):
    for version, title in enumerate(("one", "two", "three"), start=2):
        changed = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"title": title}).json()
        assert changed["version"] == version
        assert changed["updated_at"] > changed["created_at"]


def test_no_change_is_no_new_version(client, acme, bob, task, statuses):
    before = client.as_(bob).get(f"{URL}{task.pk}/").json()
    for change in ({}, {"title": task.title}, {"status": statuses["todo"].pk}, {"assignees": [], "labels": []}):
        assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", change).json() == before
    with tenant_context(acme):
        assert not Activity.objects.filter(verb="task.updated").exists()


def test_completed_at_is_set_exactly_while_the_task_is_done(client, bob, task, statuses):
    def move(category):
        body = {"status": statuses[category].pk}
        return client.as_(bob).json("PATCH", f"{URL}{task.pk}/", body).json()["completed_at"]

    assert move("doing") is None
    assert move("done") is not None
    assert move("backlog") is None
    assert move("done") is not None


def test_a_second_status_of_done_keeps_the_moment(client, acme, bob, project, task, statuses):
    with tenant_context(acme):
        shipped = project.statuses.create(name="Shipped", category="done", rank="z0000")
    first = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": statuses["done"].pk}).json()
    second = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": shipped.pk}).json()
    assert first["completed_at"] == second["completed_at"]
    assert second["status"] == str(shipped.pk)


def test_a_task_that_moves_is_the_last_of_its_new_column(client, bob, project, task, statuses):
    for _ in "123":
        client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x", "status": statuses["doing"].pk})
    moved = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"status": statuses["doing"].pk}).json()
    column = [row for row in client.as_(bob).get(URL).json()["results"] if row["status"] == moved["status"]]
    assert max(column, key=lambda row: row["rank"])["id"] == str(task.pk)
    assert len({row["rank"] for row in column}) == 4


@pytest.mark.parametrize("other", ["secret_project", "foreign_project", "second"])
def test_a_task_stays_in_its_project(client, acme, alice, bob, request, task, other):
    if other == "second":
        target = client.as_(bob).json("POST", "/api/v1/projects/", {"name": "Shop"}).json()["id"]
    else:
        target = request.getfixturevalue(other).pk
    response = client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"project": str(target), "title": "Moved"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"project"})
    shown = client.as_(bob).get(f"{URL}{task.pk}/").json()
    assert (shown["title"], shown["key"]) == ("Write the welcome page", "WEB-1")


def test_its_own_project_may_be_named(client, bob, project, task):
    assert client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"project": str(project.pk)}).status_code == 200


# Ids in bodies -----------------------------------------------------------------------------------------------------


@pytest.fixture
def unseen(acme, globex, mallory, secret_project, foreign_project):
    """Ids that bob may not name, by field: of his account's private project, and of another account."""
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
def test_an_id_that_may_not_be_seen_reads_like_one_that_does_not_exist(client, acme, bob, project, unseen, field):
    answers = []
    for unknown in (str(uuid4()), *unseen[field]):
        value = [unknown] if field in ("assignees", "labels") else unknown
        answers.append(client.as_(bob).json("POST", URL, {"project": project.pk, "title": "x", field: value}))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (answers[0].status_code, answers[0].json()["errors"]) == (400, {field: NO_SUCH})
    with tenant_context(acme):
        assert not Task.objects.exists()


@pytest.mark.parametrize("field", ["project", "status", "assignees", "labels"])
def test_nor_in_a_change_and_nothing_is_changed(client, acme, bob, task, unseen, field):
    before = client.as_(bob).get(f"{URL}{task.pk}/").json()
    answers = []
    for unknown in (str(uuid4()), *unseen[field]):
        value = [unknown] if field in ("assignees", "labels") else unknown
        answers.append(client.as_(bob).json("PATCH", f"{URL}{task.pk}/", {"title": "Changed", field: value}))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (answers[0].status_code, answers[0].json()["errors"]) == (400, {field: NO_SUCH})
    assert client.as_(bob).get(f"{URL}{task.pk}/").json() == before


@pytest.mark.parametrize("field", ["assignees", "labels"])
def test_one_such_id_among_good_ones_is_enough(client, acme, bob, task, label, unseen, field):
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


def test_a_key_is_no_id_in_a_body(client, bob, task):
    response = client.as_(bob).json("POST", "/api/v1/subtasks/", {"task": "WEB-1", "title": "x"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"task"})


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


def test_somebody_who_is_named_twice_is_assigned_once(client, acme, bob, task):
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


def test_former_members_are_not_to_be_found(client, acme, alice, bob, task):
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.ended_at = membership.joined_at
        membership.save()
    response = client.as_(alice).json("PATCH", f"{URL}{task.pk}/", {"assignees": [str(membership.pk)]})
    assert response.json()["errors"] == {"assignees": NO_SUCH}


# Deleting ----------------------------------------------------------------------------------------------------------


def test_a_deleted_task_is_gone_with_what_belongs_to_it(client, acme, bob, task, subtask, label):
    session = client.as_(bob)
    session.json("PATCH", f"{URL}{task.pk}/", {"assignees": [member_id(bob, acme)], "labels": [label.pk]})
    assert session.delete(f"{URL}{task.pk}/").status_code == 204
    assert session.get(f"{URL}{task.pk}/").status_code == session.delete(f"{URL}{task.pk}/").status_code == 404
    with tenant_context(acme):
        assert not Subtask.objects.exists()
        assert not Assignment.objects.exists()
        assert list(Label.objects.all()) == [label]


# Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, 10, 100])
def test_a_list_takes_as_many_queries_however_long_it_is(
    client, acme, bob, project, statuses, label, amount, django_assert_num_queries
):
    with tenant_context(acme):
        tasks = [
            Task(project=project, number=number, title="x", status=statuses["todo"], rank="V0000")
            for number in range(1, amount + 1)
        ]
        Task.objects.bulk_create(tasks)
        member = membership_of(bob, acme)
        Assignment.objects.bulk_create(Assignment(task=task, member=member) for task in tasks)
        TaskLabel.objects.bulk_create(TaskLabel(task=task, label=label) for task in tasks)
        Subtask.objects.bulk_create(Subtask(task=task, title="x", rank="V0000") for task in tasks)
    session = client.as_(bob)
    session.get(URL)  # so that the host is looked up
    with django_assert_num_queries(6):  # session, person, membership; tasks, assignments, labels
        rows = session.get(f"{URL}?page_size=200").json()["results"]
    assert len(rows) == amount
    assert all((row["subtasks_total"], row["labels"]) == (1, [str(label.pk)]) for row in rows)
