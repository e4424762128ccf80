"""What a project is called and who sees it, its statuses, its end; and the labels of the account."""

import pytest
from django.core.exceptions import ValidationError

from projects.actions.projects import add_project_member
from projects.actions.statuses import create_status
from projects.models import Label, Project, Status
from tasks.actions.columns import retire_status
from tasks.actions.tasks import create_task, update_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

FIELDS = {"name": "New site", "description": "All of it", "color": "pink"}


def test_a_member_changes_what_a_project_is_called(client, bob, acme, project):
    response = client.as_(bob).post("/projects/WEB/settings/", FIELDS)
    assert (response.status_code, response["Location"]) == (302, "/projects/WEB/settings/")
    with tenant_context(acme):
        changed = Project.objects.get()
    assert (changed.name, changed.description, changed.color, changed.private) == (
        "New site",
        "All of it",
        "pink",
        False,
    )


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 201}, {"color": "plaid"}, {"description": "x" * 20_001}]
)
def test_invalid_settings_show_an_error_and_change_nothing(client, bob, acme, project, page, wrong):
    response = client.as_(bob).post("/projects/WEB/settings/", {**FIELDS, **wrong})
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert "Website" in page(response).text
    with tenant_context(acme):
        assert Project.objects.get().name == "Website"


def test_only_who_manages_a_project_is_asked_whether_it_is_private(client, alice, bob, acme, project, page):
    assert page(client.as_(alice).get("/projects/WEB/settings/")).all("input", name="private")
    assert not page(client.as_(bob).get("/projects/WEB/settings/")).all("input", name="private")
    client.as_(bob).post("/projects/WEB/settings/", {**FIELDS, "private": "on"})
    with tenant_context(acme):
        assert not Project.objects.get().private
    client.as_(alice).post("/projects/WEB/settings/", {**FIELDS, "private": "on"})
    with tenant_context(acme):
        assert Project.objects.get().private


def test_viewers_have_no_settings(client, vera, project, statuses):
    browser = client.as_(vera)
    assert browser.get("/projects/WEB/settings/").status_code == 403
    assert browser.post("/projects/WEB/settings/", FIELDS).status_code == 403
    assert browser.post("/projects/WEB/members/", {"member": "x"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/projects/WEB/archive/",
        "/projects/WEB/delete/",
        "/projects/WEB/statuses/",
        "/statuses/{pk}/",
        "/statuses/{pk}/place/",
        "/statuses/{pk}/delete/",
    ],
)
def test_members_are_no_admins(client, bob, acme, statuses, path):
    fields = {"on": "1", "key": "WEB", "name": "Mine", "category": "doing", "step": "1"}
    assert client.as_(bob).post(path.format(pk=statuses["todo"].pk), fields).status_code == 403
    with tenant_context(acme):
        assert Project.objects.get().archived_at is None
        assert Status.objects.count() == 4


@pytest.mark.parametrize("path", ["settings", "archive", "delete", "members", "members/remove", "statuses"])
def test_hidden_projects_are_not_found(client, bob, admin, secret_project, foreign_project, path):
    assert client.as_(bob).post(f"/projects/SEC/{path}/").status_code in (403, 404)
    assert client.as_(admin).post(f"/projects/NONE/{path}/").status_code == 404


def test_an_admin_archives_and_restores(client, alice, acme, project):
    for on, archived in [("1", True), ("0", False)]:
        assert client.as_(alice).post("/projects/WEB/archive/", {"on": on}).status_code == 302
        with tenant_context(acme):
            assert bool(Project.objects.get().archived_at) is archived
    again = client.as_(alice).post("/projects/WEB/archive/", {"on": "0"}, follow=True)
    assert "WEB is not archived." in again.content.decode()


def test_project_deletion_needs_the_typed_key(client, alice, acme, project, page):
    refused = client.as_(alice).post("/projects/WEB/delete/", {"key": "Website"})
    assert refused.status_code == 400
    assert "Type WEB to delete it." in page(refused).text
    assert client.as_(alice).post("/projects/WEB/delete/", {"key": " web "})["Location"] == "/"
    with tenant_context(acme):
        assert not Project.objects.exists()


# Members -------------------------------------------------------------------------------------------------------------


def test_people_are_let_in_and_taken_out(client, alice, bob, acme, secret_project):
    member = membership_of(bob, acme).pk
    assert client.as_(bob).get("/projects/SEC/").status_code == 404
    client.as_(alice).post("/projects/SEC/members/", {"member": member})
    assert client.as_(bob).get("/projects/SEC/").status_code == 200
    client.as_(alice).post("/projects/SEC/members/remove/", {"member": member})
    assert client.as_(bob).get("/projects/SEC/").status_code == 404


def test_member_who_leaves_a_private_project_is_redirected(client, alice, bob, acme, secret_project, as_member):
    as_member(alice, add_project_member, project=secret_project, member=membership_of(bob, acme))
    response = client.as_(bob).post("/projects/SEC/members/remove/", {"member": membership_of(bob, acme).pk})
    assert response["Location"] == "/"


def test_the_last_member_stays(client, alice, acme, secret_project):
    path, member = "/projects/SEC/members/remove/", membership_of(alice, acme).pk
    response = client.as_(alice).post(path, {"member": member}, follow=True)
    assert "needs at least one member" in response.content.decode()


def test_non_members_cannot_be_added(client, alice, mallory, globex, project):
    response = client.as_(alice).post("/projects/WEB/members/", {"member": membership_of(mallory, globex).pk})
    assert response.status_code == 400


def test_non_members_of_a_project_cannot_add_members(client, bob, vera, acme, project):
    assert client.as_(bob).post("/projects/WEB/members/", {"member": membership_of(vera, acme).pk}).status_code == 403


# Statuses ------------------------------------------------------------------------------------------------------------


def names(acme):
    with tenant_context(acme):
        return list(Status.objects.order_by("rank", "id").values_list("name", flat=True))


def test_a_status_is_added_renamed_and_moved(client, alice, acme, project):
    browser = client.as_(alice)
    browser.post("/projects/WEB/statuses/", {"name": "Review", "category": "doing"})
    assert names(acme) == ["Backlog", "To do", "In progress", "Done", "Review"]
    with tenant_context(acme):
        review = Status.objects.get(name="Review")
    browser.post(f"/statuses/{review.pk}/place/", {"step": "-1"})
    assert names(acme) == ["Backlog", "To do", "In progress", "Review", "Done"]
    browser.post(f"/statuses/{review.pk}/place/", {"step": "1"})
    browser.post(f"/statuses/{review.pk}/place/", {"step": "1"})
    assert names(acme)[-1] == "Review"
    browser.post(f"/statuses/{review.pk}/", {"name": "Checked", "category": "done"})
    assert names(acme)[-1] == "Checked"


def test_two_statuses_of_one_name_are_refused_in_words(client, alice, acme, project, statuses):
    response = client.as_(alice).post("/projects/WEB/statuses/", {"name": "Done", "category": "done"})
    assert response.status_code == 400
    assert "already exists" in response.content.decode()
    path = f"/statuses/{statuses['todo'].pk}/"
    again = client.as_(alice).post(path, {"name": "Done", "category": "todo"}, follow=True)
    assert "already exists" in again.content.decode()
    assert len(names(acme)) == 4


def test_a_status_is_deleted_and_its_tasks_go_where_they_are_told(client, alice, bob, acme, task, statuses, as_member):
    second = as_member(bob, create_task, project=task.project, title="Second")
    path = f"/statuses/{statuses['todo'].pk}/delete/"
    assert "2 tasks have this status" in client.as_(alice).get(path).content.decode()
    assert client.as_(alice).post(path, {"into": statuses["done"].pk}).status_code == 302
    with tenant_context(acme):
        moved = list(Task.objects.order_by("rank"))
        assert [each.pk for each in moved] == [task.pk, second.pk]
        assert {each.status_id for each in moved} == {statuses["done"].pk}
        assert all(each.completed_at and each.version == 2 for each in moved)
        assert not Status.objects.filter(pk=statuses["todo"].pk).exists()


def test_a_status_with_tasks_is_not_deleted_without_a_place_for_them(
    client, alice, acme, task, statuses, foreign_task
):
    path = f"/statuses/{statuses['todo'].pk}/delete/"
    assert "Move the tasks" in client.as_(alice).post(path, {"into": ""}, follow=True).content.decode()
    for into in (foreign_task.status_id, statuses["todo"].pk, "x"):
        assert client.as_(alice).post(path, {"into": into}).status_code == 400
    assert len(names(acme)) == 4


def test_the_action_keeps_tasks_in_their_project(alice, acme, task, statuses, secret_task, as_member):
    with tenant_context(acme):
        elsewhere = Status.objects.get(pk=secret_task.status_id)
    for into in (elsewhere, statuses["todo"]):
        with pytest.raises(ValidationError, match="another status of the same project"):
            as_member(alice, retire_status, status=statuses["todo"], into=into)


def test_an_empty_status_is_deleted(client, alice, acme, project, as_member):
    status = as_member(alice, create_status, project=project, name="Review", category="doing")
    assert client.as_(alice).post(f"/statuses/{status.pk}/delete/").status_code == 302
    assert "Review" not in names(acme)


# Labels --------------------------------------------------------------------------------------------------------------


def test_labels_are_made_changed_and_deleted(client, bob, alice, acme, task, as_member, page):
    browser = client.as_(bob)
    assert browser.post("/settings/labels/", {"name": "Bug", "color": "red"}).status_code == 302
    with tenant_context(acme):
        label = Label.objects.get()
    as_member(alice, update_task, task=task, labels=[label])
    assert "Bug 1 task" in page(browser.get("/settings/labels/")).text
    browser.post(f"/settings/labels/{label.pk}/", {"name": "Defect", "color": "teal"})
    assert "Defect" in page(browser.get("/projects/WEB/")).text
    browser.post(f"/settings/labels/{label.pk}/delete/")
    with tenant_context(acme):
        assert not Label.objects.exists()


def test_two_labels_of_one_name_are_refused_in_words(client, bob, label, page):
    response = client.as_(bob).post("/settings/labels/", {"name": "bug", "color": "red"})
    assert response.status_code == 400
    assert "already exists" in page(response).text


def test_viewers_only_see_the_labels(client, vera, label, page):
    seen = page(client.as_(vera).get("/settings/labels/"))
    assert "Bug" in seen.text
    assert seen.forms == [] or all("label" not in action for action in seen.forms)
    for path in ("/settings/labels/", f"/settings/labels/{label.pk}/", f"/settings/labels/{label.pk}/delete/"):
        assert client.as_(vera).post(path, {"name": "Mine", "color": "red"}).status_code == 403
