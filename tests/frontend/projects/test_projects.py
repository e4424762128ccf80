"""The list of projects, and the board of one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from projects.actions.projects import create_project
from projects.models import Label, Project, ProjectMember
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task, update_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

# The list ------------------------------------------------------------------------------------------------------------


def test_members_see_the_projects_with_what_is_open_and_done(client, bob, alice, task, statuses, as_member, page):
    done = as_member(alice, create_task, project=task.project, title="Buy the domain", status=statuses["done"])
    gone = as_member(alice, create_task, project=task.project, title="A mistake")
    with tenant_context(task.account):
        Task.objects.filter(pk=gone.pk).update(archived_at=timezone.now())
    seen = page(client.as_(bob).get("/"))
    assert done.completed_at
    assert "WEB" in seen.text
    assert "Website" in seen.text
    assert "1 open" in seen.text
    assert "1 done" in seen.text
    assert seen.all("progress") == [{"class": "progress", "max": "2", "value": "1", "aria-hidden": "true"}]
    assert "/projects/WEB/" in seen.links


def test_private_projects_are_shown_to_their_members_and_admins(client, alice, bob, secret_project, as_member):
    assert "Secret" in client.as_(alice).get("/").content.decode()
    assert "Secret" not in client.as_(bob).get("/").content.decode()
    with tenant_context(secret_project.account):
        ProjectMember.objects.create(project=secret_project, member=membership_of(bob, secret_project.account))
    text = client.as_(bob).get("/").content.decode()
    assert "Secret" in text
    assert "Private" in text


def test_archived_projects_come_last_and_are_marked(client, bob, project, changed, page):
    changed(project, archived_at=timezone.now())
    seen = page(client.as_(bob).get("/"))
    assert seen.text.count("Website") == 1  # not in the side bar
    assert seen.text.index("Archived") < seen.text.index("Website")


def test_projects_of_other_accounts_are_not_shown(client, bob, project, foreign_project, changed):
    changed(project, name="Ours")
    text = client.as_(bob).get("/").content.decode()
    assert "Ours" in text
    assert "Website" not in text


def test_an_empty_account_says_what_to_do(client, bob, vera, page):
    assert "Create the first one" in page(client.as_(bob).get("/")).text
    assert "There are no projects that you have access to." in page(client.as_(vera).get("/")).text


def test_viewers_have_no_form(client, bob, vera, page):
    assert page(client.as_(bob).get("/")).forms == ["/"]
    assert page(client.as_(vera).get("/")).forms == []


def test_a_member_makes_a_project(client, bob, acme):
    response = client.as_(bob).post("/", {"name": "Mobile app", "key": "", "color": "green", "private": "on"})
    assert response.status_code == 302
    with tenant_context(acme):
        project = Project.objects.get()
        assert (project.name, project.color, project.private) == ("Mobile app", "green", True)
        assert response["Location"] == f"/projects/{project.key}/"
    assert client.as_(bob).get(response["Location"]).status_code == 200


def test_a_key_may_be_typed_in_small_letters(client, bob):
    response = client.as_(bob).post("/", {"name": "Mobile app", "key": "app", "color": "green"})
    assert response["Location"] == "/projects/APP/"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"key": "1"}, "Use 2 to 10 capital letters and digits"),
        ({"key": "WEB"}, "This key is not available. Choose another."),
        ({"color": "invisible"}, "Select a valid choice"),
    ],
)
def test_invalid_field_shows_an_error_beside_it(client, bob, project, page, fields, words):
    response = client.as_(bob).post("/", {"name": "Mobile app", "key": "", "color": "green", **fields})
    seen = page(response)
    assert response.status_code == 400
    assert words in seen.text
    assert "open" in seen.all("details", **{"class": "disclosure"})[0]
    with tenant_context(project.account):
        assert Project.objects.count() == 1


def test_project_beyond_the_quota_is_refused_with_the_reason(client, acme, bob, page):
    acme.plan = "free"
    acme.save()
    with tenant_context(acme):
        Project.objects.bulk_create([Project(key=f"P{number}", name="Project") for number in range(10)])
    response = client.as_(bob).post("/", {"name": "Eleventh", "color": "blue"})
    assert response.status_code == 402
    assert "The plan “Free” includes 10 projects, including archived ones." in page(response).text
    with tenant_context(acme):
        assert Project.objects.count() == 10


def test_viewers_who_post_anyway_are_refused(client, vera, acme):
    response = client.as_(vera).post("/", {"name": "Mobile app", "color": "green"})
    assert response.status_code == 403
    with tenant_context(acme):
        assert not Project.objects.exists()


# The board -----------------------------------------------------------------------------------------------------------


def test_the_columns_are_the_statuses_and_hold_the_tasks(client, bob, alice, task, statuses, as_member, page):
    as_member(alice, create_task, project=task.project, title="Buy the domain", status=statuses["done"])
    text = page(client.as_(bob).get("/projects/WEB/")).text
    for first, second in [
        ("Backlog 0", "To do 1"),
        ("To do 1", "Write the welcome page"),
        ("Write the welcome page", "In progress 0"),
        ("Done 1", "Buy the domain"),
    ]:
        assert text.index(first) < text.index(second)
    assert "2 tasks" in text


def test_a_card_says_what_matters(client, alice, bob, task, label, as_member, page):
    as_member(alice, create_subtask, task=task, title="One", done=True)
    as_member(alice, create_subtask, task=task, title="Two")
    yesterday = timezone.localdate() - timedelta(days=1)
    fields = {"priority": "urgent", "due_date": yesterday, "labels": [label]}
    as_member(alice, update_task, task=task, assignees=[membership_of(bob, task.account)], **fields)
    seen = page(client.as_(alice).get("/projects/WEB/"))
    for words in ("WEB-1", "Urgent", "Bug", "1/2", "yesterday", "overdue", "BO", "Bob"):
        assert words in seen.text
    assert seen.all("time", datetime=yesterday.isoformat())[0]["title"].endswith("(1 day late)")
    assert "/tasks/WEB-1/" in seen.links


def test_archived_tasks_are_not_on_the_board(client, bob, task, changed, page):
    changed(task, archived_at=timezone.now())
    text = page(client.as_(bob).get("/projects/WEB/")).text
    assert "Write the welcome page" not in text
    assert "To do 0" in text


def test_an_archived_project_is_still_shown_and_marked(client, bob, task, changed, page):
    changed(task.project, archived_at=timezone.now())
    response = client.as_(bob).get("/projects/WEB/")
    assert response.status_code == 200
    assert "Archived" in page(response).text


def test_hidden_foreign_and_absent_projects_are_answered_alike(
    client, bob, secret_project, globex, mallory, foreign_project
):
    with tenant_context(globex):
        create_project(actor=membership_of(mallory, globex), name="Theirs", key="THEIRS")
    browser = client.as_(bob)
    answers = {browser.get(f"/projects/{key}/").content for key in ("SEC", "THEIRS", "NONE")}
    assert len(answers) == 1
    assert all(browser.get(f"/projects/{key}/").status_code == 404 for key in ("SEC", "THEIRS", "NONE"))


@pytest.mark.parametrize("key", ["web", "W", "WEB-1", "%00", "W%00B", "WEB%0A", "ÄB", "A" * 11, "A" * 9000, "%FF"])
def test_invalid_key_is_not_found(client, bob, project, key):
    assert client.as_(bob).get(f"/projects/{key}/").status_code == 404


def test_a_member_makes_a_task(client, bob, project, acme):
    response = client.as_(bob).post("/projects/WEB/", {"title": "Write the imprint"})
    assert (response.status_code, response["Location"]) == (302, "/projects/WEB/")
    with tenant_context(acme):
        task = Task.objects.select_related("status").get()
        assert (task.title, task.number, task.status.category) == ("Write the imprint", 1, "todo")


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("x" * 501, "at most 500 characters"),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_a_title_that_will_not_do_is_kept_and_explained(client, bob, project, acme, page, title, words):
    response = client.as_(bob).post("/projects/WEB/", {"title": title})
    assert response.status_code == 400
    assert words in page(response).text
    with tenant_context(acme):
        assert not Task.objects.exists()


def test_a_project_without_a_place_for_new_tasks_says_so(client, bob, project, statuses, changed, page):
    changed(statuses["todo"], category="doing", name="Later")
    response = client.as_(bob).post("/projects/WEB/", {"title": "Write the imprint"})
    assert response.status_code == 400
    assert "no status of the category" in page(response).text


def test_viewers_have_no_form_on_the_board_and_are_refused(client, vera, project, acme, page):
    assert page(client.as_(vera).get("/projects/WEB/")).forms == []
    assert client.as_(vera).post("/projects/WEB/", {"title": "Mine"}).status_code == 403
    with tenant_context(acme):
        assert not Task.objects.exists()


def test_tasks_cannot_be_created_in_a_hidden_project(client, bob, mallory, secret_project, acme):
    assert client.as_(bob).post("/projects/SEC/", {"title": "Mine"}).status_code == 404
    assert client.as_(mallory).post("/projects/SEC/", {"title": "Mine"}).status_code == 404
    assert client.at(acme).post("/projects/SEC/", {"title": "Mine"}).status_code == 302
    with tenant_context(acme):
        assert not Task.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_unsupported_methods_are_not_allowed(client, bob, project, method):
    assert getattr(client.as_(bob), method)("/projects/WEB/").status_code == 405
    assert getattr(client.as_(bob), method)("/").status_code == 405


# The side bar --------------------------------------------------------------------------------------------------------


def test_the_side_bar_names_the_account_the_person_and_where_they_are(client, bob, project, secret_project, page):
    seen = page(client.as_(bob).get("/projects/WEB/"))
    assert "Acme" in seen.text
    assert "bob@example.com" in seen.text
    assert seen.all("a", href="/projects/WEB/", **{"aria-current": "page"})
    assert "/projects/SEC/" not in seen.links
    assert seen.all("form", action="/auth/logout/", method="post")


def test_only_the_variant_has_a_roadmap(client, bob, project, page):
    assert "/roadmap/" not in page(client.as_(bob).get("/")).links
    assert client.as_(bob).get("/roadmap/").status_code == 404
    assert client.as_(bob).post("/projects/WEB/roadmap/", {"on": "1"}).status_code == 404


def test_labels_come_by_name(client, alice, bob, task, acme, as_member, page):
    with tenant_context(acme):
        labels = [Label.objects.create(name=name) for name in ("Zebra", "Apple", "Mango")]
    as_member(alice, update_task, task=task, labels=labels)
    text = page(client.as_(bob).get("/projects/WEB/")).text
    assert text.index("Apple") < text.index("Mango") < text.index("Zebra")
