"""The page of a project: what is shown, by which filters, and the parts that open pages get."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.models import Label
from tasks.actions.tasks import create_task
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def many(acme, alice, bob, project, statuses, as_member):
    """Five tasks of WEB that differ in everything that can be filtered by; returns the label of one of them."""
    today = timezone.localdate()
    with tenant_context(acme):
        label = Label.objects.create(name="Bug")
    fields = {
        "Late": {"due_date": today - timedelta(days=1)},
        "Now": {"due_date": today, "priority": "urgent"},
        "Soon": {"due_date": today + timedelta(days=7), "labels": [label]},
        "Never": {"assignees": [membership_of(bob, acme)], "status": statuses["doing"]},
        "Gone": {},
    }
    tasks = {
        title: as_member(alice, create_task, project=project, title=title, **each) for title, each in fields.items()
    }
    with tenant_context(acme):
        Task.objects.filter(pk=tasks["Gone"].pk).update(archived_at=timezone.now())
    return label


def cards(response):
    """Return the titles on the cards, or in the rows of the list."""
    tasks = response.content.decode().partition('id="tasks"')[2]
    return {title for title in ("Late", "Now", "Soon", "Never", "Gone") if f'dir="auto">{title}</span>' in tasks}


@pytest.mark.parametrize("view", ["board", "list"])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Late", "Now", "Soon", "Never"}),
        ("due=late", {"Late"}),
        ("due=today", {"Now"}),
        ("due=soon", {"Now", "Soon"}),
        ("due=never", {"Never"}),
        ("priority=urgent", {"Now"}),
        ("assignee=none", {"Late", "Now", "Soon"}),
        ("assignee={bob}", {"Never"}),
        ("label={label}", {"Soon"}),
        ("status={doing}", {"Never"}),
        ("q=no", {"Now"}),
        ("q=WEB-1", {"Late"}),
        ("archived=true", {"Gone"}),
        ("archived=all&due=never", {"Never", "Gone"}),
        ("priority=&label=&q=++", {"Late", "Now", "Soon", "Never"}),
        ("priority=low", set()),
        ("utm_source=mail", {"Late", "Now", "Soon", "Never"}),
    ],
)
def test_filters_find_what_they_say(client, acme, bob, many, statuses, view, query, found):
    query = query.format(bob=membership_of(bob, acme).pk, label=many.pk, doing=statuses["doing"].pk)
    assert cards(client.as_(bob).get(f"/projects/WEB/?view={view}&{query}")) == found
    assert cards(client.as_(bob).get(f"/projects/WEB/parts/?view={view}&{query}")) == found


@pytest.mark.parametrize(
    "query",
    [
        "view=gantt",
        "sort=rank;drop",
        "group=owner",
        "assignee=bob",
        "label=1",
        "priority=sometimes",
        "due=yesterday",
        "archived=maybe",
        "q=a%00b",
        "q=" + "x" * 201,
        "status=%FF",
    ],
)
def test_filters_that_make_no_sense_are_refused(client, bob, project, query):
    assert client.as_(bob).get(f"/projects/WEB/?{query}").status_code == 400
    assert client.as_(bob).get(f"/projects/WEB/parts/?{query}").status_code == 400


@pytest.mark.parametrize("name", ["assignee", "label", "status"])
def test_filters_by_what_is_foreign_find_nothing_as_by_what_is_absent(
    client, bob, mallory, globex, foreign_task, many, name, page
):
    with tenant_context(globex):
        foreign = {
            "assignee": membership_of(mallory, globex).pk,
            "label": Label.objects.create(name="Theirs").pk,
            "status": foreign_task.status_id,
        }[name]
    shown = [page(client.as_(bob).get(f"/projects/WEB/?{name}={pk}")).text for pk in (foreign, uuid4())]
    assert shown[0] == shown[1]
    assert "No matching tasks." in shown[0]


def test_a_filter_that_is_set_can_be_taken_off(client, bob, many, page):
    seen = page(client.as_(bob).get("/projects/WEB/?priority=urgent&view=list"))
    assert "Priority: Urgent" in seen.text
    assert "/projects/WEB/?view=list" in seen.links


@pytest.mark.parametrize(
    ("group", "order"),
    [
        ("status", ["To do 3", "Late", "In progress 1", "Never"]),
        ("priority", ["Urgent 1", "Now", "No priority 3", "Late"]),
        ("assignee", ["Bob 1", "Never", "Unassigned 3", "Late"]),
    ],
)
def test_a_list_has_groups(client, bob, many, page, group, order):
    text = page(client.as_(bob).get(f"/projects/WEB/?view=list&group={group}")).text
    text = text[text.index("Task Status Priority") :]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("title", ["Late", "Never", "Now", "Soon"]),
        ("due_date", ["Late", "Now", "Soon", "Never"]),
        ("-priority", ["Now", "Never", "Soon", "Late"]),
        ("-created_at", ["Never", "Soon", "Now", "Late"]),
    ],
)
def test_a_list_has_an_order(client, bob, many, page, sort, order):
    html = (
        client.as_(bob)
        .get(f"/projects/WEB/?view=list&group=none&sort={sort}")
        .content.decode()
        .partition('id="tasks"')[2]
    )
    places = [html.index(f'dir="auto">{title}</span>') for title in order]
    assert places == sorted(places)


@pytest.fixture
def long_list(acme, task):
    """WEB has 103 tasks."""
    with tenant_context(acme):
        Task.objects.bulk_create(
            Task(project=task.project, number=number, title=f"Task {number}", status=task.status, rank=task.rank)
            for number in range(2, 104)
        )


def test_a_long_list_has_pages(client, bob, long_list, page):
    seen = page(client.as_(bob).get("/projects/WEB/?view=list&page=2"))
    assert len(seen.all("a", **{"class": "list-link"})) == 3
    assert "101–103 of 103" in seen.text
    assert seen.all("div", id="tasks")[0]["data-live-url"] == "/projects/WEB/parts/?view=list&page=2"
    assert client.as_(bob).get("/projects/WEB/?view=list&page=3").status_code == 404


def test_a_page_counts_the_subtasks_of_no_other_page(client, bob, acme, long_list):
    with CaptureQueriesContext(connection) as captured:
        client.as_(bob).get("/projects/WEB/?view=list&page=2")
    (sql,) = [query["sql"] for query in captured.captured_queries if "OFFSET" in query["sql"]]
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        (plan,) = cursor.fetchone()
    scans = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == Subtask._meta.db_table]
    assert [node["Actual Loops"] for node in scans] == [3, 3]  # all subtasks, and those that are done


def nodes(plan):
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


# Parts ---------------------------------------------------------------------------------------------------------------


def test_a_part_has_the_columns_that_were_asked_for(client, bob, many, statuses, page):
    todo, doing = statuses["todo"].pk, statuses["doing"].pk
    seen = page(client.as_(bob).get(f"/projects/WEB/parts/?column={doing}"))
    assert seen.all("section", id=f"column-{doing}")
    assert not seen.all("section", id=f"column-{todo}")
    assert "4 tasks" in seen.text
    assert not seen.all("html")


def test_a_part_without_columns_is_all_there_is(client, bob, many, page):
    seen = page(client.as_(bob).get("/projects/WEB/parts/"))
    assert len(seen.all("section", **{"class": "column"})) == 4
    assert seen.all("h1", id="project-title")


def test_the_number_of_the_last_event_is_that_of_the_content(client, bob, task, page):
    first = page(client.as_(bob).get("/projects/WEB/")).all("div", id="tasks")[0]["data-seq"]
    client.as_(bob).post("/projects/WEB/", {"title": "Another"})
    second = page(client.as_(bob).get("/projects/WEB/parts/")).all("div", id="tasks")[0]["data-seq"]
    assert int(second) == int(first) + 1


@pytest.mark.parametrize("column", ["x", "%00", "1", ""])
def test_columns_that_are_none_are_refused(client, bob, project, column):
    assert client.as_(bob).get(f"/projects/WEB/parts/?column={column}").status_code == 400


def test_columns_of_other_projects_are_not_shown(client, bob, task, secret_task, foreign_task, page):
    for other in (secret_task, foreign_task):
        seen = page(client.as_(bob).get(f"/projects/WEB/parts/?column={other.status_id}"))
        assert not seen.all("section")


@pytest.mark.parametrize("view", ["board", "list"])
def test_search_does_not_find_tasks_of_other_projects(client, alice, task, secret_task, view, page):
    text = page(client.as_(alice).get(f"/projects/WEB/?view={view}&q=t")).text
    assert "Write the welcome page" in text
    assert "Buy the competition" not in text
    assert "1 task" in text


# New tasks -----------------------------------------------------------------------------------------------------------


def test_a_task_is_made_in_the_column_that_was_named(client, bob, acme, statuses):
    response = client.as_(bob).post("/projects/WEB/?view=list", {"title": "Ship", "status": statuses["doing"].pk})
    assert (response.status_code, response["Location"]) == (302, "/projects/WEB/?view=list")
    with tenant_context(acme):
        assert Task.objects.get().status_id == statuses["doing"].pk


def test_a_script_gets_the_column_with_the_new_task(client, bob, statuses, page):
    fields = {"title": "Ship", "status": statuses["doing"].pk}
    seen = page(client.as_(bob).post("/projects/WEB/", fields, **HTMX))
    assert "Ship" in seen.text
    assert len(seen.all("section", **{"class": "column"})) == 1


def test_a_column_of_another_project_is_none(client, bob, acme, project, secret_task, foreign_task):
    for other in (secret_task, foreign_task):
        assert client.as_(bob).post("/projects/WEB/", {"title": "Ship", "status": other.status_id}).status_code == 400
    with tenant_context(acme):
        assert not Task.objects.filter(title="Ship").exists()


# Who may -------------------------------------------------------------------------------------------------------------


def test_viewers_see_all_and_are_offered_nothing(client, vera, task, page):
    seen = page(client.as_(vera).get("/projects/WEB/"))
    assert "Write the welcome page" in seen.text
    assert not [link for link in seen.links if "/place/" in link or link == "/projects/WEB/settings/"]
    assert not seen.all("div", id="board")[0].keys() & {"data-movable"}
    listed = page(client.as_(vera).get("/projects/WEB/?view=list"))
    assert not [link for link in listed.links if "/edit/" in link]


def test_hidden_projects_have_no_parts(client, bob, alice, secret_task):
    assert client.as_(bob).get("/projects/SEC/parts/").status_code == 404
    assert client.as_(alice).get("/projects/SEC/parts/").status_code == 200


def test_an_empty_project_says_what_to_do(client, bob, vera, project, page):
    assert "Create the first one with “New task”." in page(client.as_(bob).get("/projects/WEB/")).text
    assert "There are no tasks yet." in page(client.as_(vera).get("/projects/WEB/?view=list")).text


def test_the_theme_is_that_of_the_cookie(client, bob, project, page):
    browser = client.as_(bob)
    for value, shown in [("dark", "dark"), ("light", "light"), ('"><script>', None), ("system", None)]:
        browser.cookies["theme"] = value
        assert page(browser.get("/projects/WEB/")).all("html")[0].get("data-theme") == shown


def test_pages_are_compressed_and_answers_of_the_api_are_not(client, bob, task):
    browser = client.as_(bob)
    assert browser.get("/projects/WEB/", HTTP_ACCEPT_ENCODING="gzip")["Content-Encoding"] == "gzip"
    answer = browser.get(f"/api/v1/tasks/{task.id}/", HTTP_ACCEPT_ENCODING="gzip")
    assert "Content-Encoding" not in answer.headers
    assert not answer["ETag"].startswith("W/")


def test_people_who_see_the_project_can_be_filtered_by(client, alice, bob, secret_task, as_member, page):
    text = page(client.as_(alice).get("/projects/SEC/")).text
    assert "Alice" in text.partition("Assignee")[2]
    assert "Bob" not in text.partition("Assignee")[2]


@pytest.mark.parametrize("query", ["due=bad", "cards=bad"])
def test_nothing_is_written_by_a_request_with_an_invalid_url(client, bob, task, statuses, query):
    browser = client.as_(bob)
    for path, data in [
        ("/projects/WEB/", {"title": "New", "status": statuses["todo"].pk}),
        ("/tasks/WEB-1/place/", {"status": statuses["doing"].pk, "version": task.version}),
        ("/tasks/WEB-1/edit/", {"title": "Other", "status": statuses["doing"].pk, "version": task.version}),
    ]:
        assert browser.post(f"{path}?{query}", data, **HTMX).status_code == 400
    with tenant_context(task.account):
        assert list(Task.objects.values_list("title", "status_id")) == [(task.title, task.status_id)]
