"""Priority, due date, assignees and labels of a task."""

from uuid import uuid4

import pytest

from projects.models import Label
from tasks.actions.tasks import update_task
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/tasks/WEB-1/"


def facts(task):
    with tenant_context(task.account):
        found = Task.objects.prefetch_related("assignments__member__user", "task_labels__label").get(pk=task.pk)
        people = sorted(each.member.user.name for each in found.assignments.all())
        labels = sorted(each.label.name for each in found.task_labels.all())
        return {"priority": found.priority, "due": str(found.due_date), "people": people, "labels": labels}


def hidden(seen):
    return {name: seen.value(name) for name in ("version", "seen")}


def test_a_member_sets_the_priority(client, bob, task):
    response = client.as_(bob).post(f"{URL}priority/", {"priority": "urgent"})
    assert (response.status_code, response["Location"]) == (302, f"{URL}#facts")
    assert facts(task)["priority"] == "urgent"


def test_a_member_sets_and_clears_the_due_date(client, bob, task):
    browser = client.as_(bob)
    browser.post(f"{URL}due/", {"due_date": "2030-01-31"})
    assert facts(task)["due"] == "2030-01-31"
    browser.post(f"{URL}due/", {"due_date": "2030-01-31", "clear": "1"})
    assert facts(task)["due"] == "None"


@pytest.mark.parametrize(("path", "fields"), [("priority/", {"priority": "huge"}), ("due/", {"due_date": "soon"})])
def test_invalid_fact_shows_an_error(client, bob, task, page, path, fields):
    response = client.as_(bob).post(URL + path, fields)
    assert response.status_code == 400
    assert page(response).all("ul", **{"class": "errorlist"}) or "errorlist" in response.content.decode()


def test_only_members_who_see_the_project_can_be_assigned(client, acme, alice, bob, vera, secret_task, page):
    seen = page(client.as_(alice).get("/tasks/SEC-1/assignees/"))
    assert len(seen.all("input", type="checkbox")) == 1
    assert "Bob" not in seen.text
    fields = {**hidden(seen), "assignees": [str(membership_of(bob, acme).pk)]}
    assert client.as_(alice).post("/tasks/SEC-1/assignees/", fields).status_code == 400
    assert facts(secret_task)["people"] == []


def test_a_member_assigns_people_and_takes_them_off(client, acme, alice, bob, task, page):
    browser = client.as_(bob)
    seen = page(browser.get(f"{URL}assignees/"))
    both = [str(membership_of(user, acme).pk) for user in (alice, bob)]
    assert browser.post(f"{URL}assignees/", {**hidden(seen), "assignees": both}).status_code == 302
    assert facts(task)["people"] == ["Alice", "Bob"]
    seen = page(browser.get(f"{URL}assignees/"))
    assert [box["value"] for box in seen.all("input", type="checkbox") if "checked" in box] == sorted(both)
    browser.post(f"{URL}assignees/", hidden(seen))
    assert facts(task)["people"] == []


def test_assignee_who_has_left_stays_until_taken_off(client, acme, alice, bob, task, as_member, page):
    mine, his = (str(membership_of(user, acme).pk) for user in (alice, bob))
    as_member(alice, update_task, task=task, assignees=[membership_of(bob, acme)])
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        type(membership).objects.filter(pk=his).update(ended_at=membership.joined_at)
    browser = client.as_(alice)
    seen = page(browser.get(f"{URL}assignees/"))
    assert [box["value"] for box in seen.all("input", type="checkbox") if "checked" in box] == [his]
    assert "Bob (former member)" in seen.text
    assert browser.post(f"{URL}assignees/", {**hidden(seen), "assignees": [mine, his]}).status_code == 302
    assert facts(task)["people"] == ["Alice", "Bob"]
    stale = page(browser.get(f"{URL}assignees/"))
    browser.post(f"{URL}assignees/", {**hidden(stale), "assignees": [mine]})
    assert facts(task)["people"] == ["Alice"]
    again = browser.post(f"{URL}assignees/", {**hidden(stale), "assignees": [mine, his]})
    assert again.status_code == 400
    assert facts(task)["people"] == ["Alice"]


def test_a_choice_made_of_old_people_is_asked_again_and_kept(client, acme, alice, bob, vera, task, as_member, page):
    browser = client.as_(bob)
    seen = page(browser.get(f"{URL}assignees/"))
    as_member(alice, update_task, task=task, assignees=[membership_of(alice, acme)])
    mine = str(membership_of(bob, acme).pk)
    response = browser.post(f"{URL}assignees/", {**hidden(seen), "assignees": [mine]})
    again = page(response)
    assert response.status_code == 409
    assert "The assignees were changed in the meantime." in again.text
    assert [box["value"] for box in again.all("input", type="checkbox") if "checked" in box] == [mine]
    assert facts(task)["people"] == ["Alice"]
    browser.post(f"{URL}assignees/", {**hidden(again), "assignees": [mine]})
    assert facts(task)["people"] == ["Bob"]


def test_a_member_labels_it_also_with_a_new_label(client, bob, task, label, page):
    browser = client.as_(bob)
    seen = page(browser.get(f"{URL}labels/"))
    browser.post(f"{URL}labels/", {**hidden(seen), "labels": [str(label.pk)], "new": "Design"})
    assert facts(task)["labels"] == ["Bug", "Design"]
    seen = page(browser.get(f"{URL}labels/"))
    browser.post(f"{URL}labels/", {**hidden(seen), "new": "bug"})
    assert facts(task)["labels"] == ["Bug"]
    with tenant_context(task.account):
        assert Label.objects.count() == 2


@pytest.mark.parametrize(("path", "name"), [("assignees/", "assignees"), ("labels/", "labels")])
def test_foreign_and_absent_ones_are_refused_alike(
    client, acme, globex, alice, mallory, task, label, page, path, name
):
    with tenant_context(globex):
        foreign = {"assignees": membership_of(mallory, globex).pk, "labels": Label.objects.create(name="Theirs").pk}
    browser = client.as_(alice)
    fields = hidden(page(browser.get(URL + path)))
    texts = []
    for pk in (foreign[name], uuid4()):
        response = browser.post(URL + path, {**fields, name: [str(pk)]})
        assert response.status_code == 400
        texts.append(page(response).text.replace(str(pk), "…"))
    assert texts[0] == texts[1]
    assert "Theirs" not in texts[0]
    assert facts(task) == {"priority": "none", "due": "None", "people": [], "labels": []}


@pytest.mark.parametrize("path", ["priority/", "due/", "assignees/", "labels/"])
def test_viewers_and_non_members_change_nothing(client, vera, mallory, bob, task, secret_task, path):
    fields = {"priority": "high", "due_date": "2030-01-31", "version": 1}
    assert client.as_(vera).post(URL + path, fields).status_code == 403
    assert client.as_(mallory).post(URL + path, fields).status_code == 404
    answers = [client.as_(bob).post(f"/tasks/{key}/{path}", fields) for key in ("SEC-1", "SEC-2")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_to_htmx_it_answers_with_the_facts_alone(client, bob, task):
    htmx = {"HX-Request": "true", "HX-Target": "facts"}
    response = client.as_(bob).post(f"{URL}priority/", {"priority": "low"}, headers=htmx)
    assert response.content.decode().strip().startswith('<dl class="facts"')
