"""Notifications of assignments and mentions, through the API."""

import pytest
from django.utils import timezone

from projects.actions.projects import add_project_member
from projects.models import Project
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.testing import membership_of

API = "/api/v1/"


def kinds(rows):
    return [row["kind"] for row in rows]


def test_assignee_is_notified(inbox, assign, alice, bob, vera, task, member_id):
    assign(alice, task, bob)
    (told,) = inbox(bob)
    assert (told["kind"], told["task"], told["actor"]) == ("assigned", str(task.pk), member_id(alice))
    assert told["comment"] is None
    assert told["read_at"] is None
    assert inbox(vera) == inbox(alice) == []


def test_self_assignment_causes_no_notification(inbox, assign, alice, task):
    assign(alice, task, alice)
    assert inbox(alice) == []


def test_only_new_assignees_are_notified(inbox, assign, alice, bob, charlie, task):
    assign(alice, task, bob)
    assign(alice, task, bob, charlie)
    assert (len(inbox(bob)), len(inbox(charlie))) == (1, 1)


def test_repeated_assignment_notifies_again(inbox, assign, alice, bob, task):
    assign(alice, task, bob)
    assign(alice, task)
    assign(alice, task, bob)
    assert kinds(inbox(bob)) == ["assigned", "assigned"]


def test_new_task_notifies_its_assignees(client, inbox, alice, bob, project, member_id):
    body = {"project": project.pk, "title": "Ship it", "assignees": [member_id(alice), member_id(bob)]}
    created = client.as_(alice).json("POST", f"{API}tasks/", body).json()
    assert [row["task"] for row in inbox(bob)] == [created["id"]]
    assert inbox(alice) == []


def test_bulk_change_notifies_each_assignee(client, inbox, alice, bob, charlie, task, member_id):
    body = {"tasks": [{"id": task.pk, "assignees": [member_id(bob), member_id(charlie)]}]}
    assert client.as_(alice).json("POST", f"{API}tasks/bulk/", body).status_code == 200
    assert (kinds(inbox(bob)), kinds(inbox(charlie))) == (["assigned"], ["assigned"])


def test_refused_change_causes_no_notification(client, inbox, alice, bob, task, member_id):
    body = {"tasks": [{"id": task.pk, "assignees": [member_id(bob)]}, {"id": task.pk, "title": ""}]}
    assert client.as_(alice).json("POST", f"{API}tasks/bulk/", body).status_code == 400
    body = {"assignees": [member_id(bob)], "title": ""}
    assert client.as_(alice).json("PATCH", f"{API}tasks/{task.pk}/", body).status_code == 400
    assert inbox(bob) == []
    assert not OutboxJob.objects.exclude(name="accounts.record_drafts").exists()  # of the project itself


# Mentions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["@bob@example.com, look", "Look, @Bob!", "(@BOB) *please*"])
def test_mentioned_member_is_notified(inbox, comment, alice, bob, vera, task, text):
    written = comment(alice, task, text)
    (told,) = inbox(bob)
    assert (told["kind"], told["task"], told["comment"]) == ("mentioned", str(task.pk), written)
    assert inbox(vera) == []


def test_self_mention_causes_no_notification(inbox, comment, alice, task):
    comment(alice, task, "@alice@example.com")
    assert inbox(alice) == []


def test_edit_notifies_newly_mentioned_members(client, inbox, comment, alice, bob, vera, task):
    url = f"{API}comments/{comment(alice, task, 'for @Bob')}/"
    for body in ("for @Bob and @Vera", "for no member", "for @Bob again"):
        assert client.as_(alice).json("PATCH", url, {"body": body}).status_code == 200
    assert (len(inbox(bob)), len(inbox(vera))) == (1, 1)


def test_people_of_other_accounts_are_not_mentioned(client, inbox, comment, globex, alice, mallory, charlie, task):
    comment(alice, task, "@mallory@example.com @Mallory @charlie@example.com")
    assert inbox(mallory) == []
    assert len(inbox(charlie)) == 1
    assert client.as_(charlie, at=globex).get(f"{API}notifications/").json()["results"] == []


def test_former_members_are_not_mentioned(acme, inbox, comment, change, alice, bob, task):
    change(bob, ended_at=timezone.now())
    comment(alice, task, "@Bob")
    change(bob, ended_at=None)
    assert inbox(bob) == []


def test_mention_in_a_private_project_notifies_members_with_access_only(
    acme, inbox, comment, alice, bob, vera, admin, secret_task
):
    with tenant_context(acme):
        project = Project.objects.get(pk=secret_task.project_id)
        add_project_member(project=project, actor=membership_of(alice, acme), member=membership_of(vera, acme))
    comment(alice, secret_task, "@Bob @Vera @Charlie")  # charlie is an admin here
    assert inbox(bob) == []
    assert kinds(inbox(vera)) == kinds(inbox(admin)) == ["mentioned"]


def test_notifications_of_a_project_hidden_later_are_hidden(acme, client, inbox, assign, alice, bob, task):
    assign(alice, task, bob)
    (told,) = inbox(bob)
    with tenant_context(acme):
        Project.objects.filter(pk=task.project_id).update(private=True)
    assert inbox(bob) == []
    session = client.as_(bob)
    assert session.get(f"{API}notifications/{told['id']}/").status_code == 404
    assert session.json("POST", f"{API}notifications/{told['id']}/read/").status_code == 404
    assert session.json("POST", f"{API}notifications/read/").json() == {"read": 0}
    with tenant_context(acme):
        Project.objects.filter(pk=task.project_id).update(private=False)
    assert inbox(bob)[0]["read_at"] is None
