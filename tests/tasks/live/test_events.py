"""The events of projects and tasks, as live clients receive them."""

import re

import pytest

from accounts.extensions import shown
from projects.actions.labels import create_label, delete_label, update_label
from projects.actions.projects import update_project
from projects.actions.statuses import create_status
from tasks.actions.bulk import TaskChange, update_tasks
from tasks.actions.comments import create_comment
from tasks.actions.progress import complete_task
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task, delete_task, update_task
from tests.isolation.test_call_sites import ROOT
from tests.projects.offices import make_project

pytestmark = pytest.mark.django_db(transaction=True)


def events(live, number):
    return [live.receive() for _ in range(number)]


def test_an_event_has_the_object_as_the_api_shows_it(office, project, client):
    with office.with_cookie() as live:
        seq = live.subscribe(project)
        task = office.act(create_task, project=project, title="Order the cake")
        event = live.receive()
    shown = client.at(office.tenant).as_(office.people["member"]).get(f"/api/v1/tasks/{task.pk}/").json()
    assert event == {
        "type": "event",
        "project": str(project.pk),
        "seq": seq + 1,
        "verb": "task.created",
        "actor": str(office.membership().pk),
        "object": shown,
        "version": 1,
    }


def test_a_change_through_the_api_arrives(office, project, client):
    task = office.act(create_task, project=project, title="Order the cake")
    browser = client.at(office.tenant).as_(office.people["owner"])
    with office.with_token() as live:
        seq = live.subscribe(project)
        assert browser.json("POST", f"/api/v1/tasks/{task.pk}/complete/").status_code == 200
        event = live.receive()
    assert (event["seq"], event["verb"], event["version"]) == (seq + 1, "task.completed", 2)
    assert event["object"]["completed_at"]


def test_deleted_object_is_null_in_event(office, project):
    task = office.act(create_task, project=project, title="Order the cake")
    with office.with_token() as live:
        live.subscribe(project)
        office.act(delete_task, task=task)
        event = live.receive()
    assert (event["verb"], event["object"], event["version"]) == ("task.deleted", None, None)


@pytest.mark.parametrize("kind", ["project", "status", "label", "subtask", "comment"])
def test_events_show_board_objects_like_the_api(office, project, client, kind):
    task = office.act(create_task, project=project, title="Order the cake")
    label = office.act(create_label, name="Bug")
    office.act(update_task, task=task, labels=[label])
    with office.with_token() as live:
        live.subscribe(project)
        made = {
            "project": lambda: office.act(update_project, project=project, name="Another"),
            "status": lambda: office.act(create_status, project=project, name="Later", category="todo"),
            "label": lambda: office.act(update_label, label=label, name="Fault"),
            "subtask": lambda: office.act(create_subtask, task=task, title="Find a baker"),
            "comment": lambda: office.act(create_comment, task=task, body="With marzipan."),
        }[kind]()
        event = live.receive()
    plural = {"status": "statuses"}.get(kind, f"{kind}s")
    shown = client.at(office.tenant).as_(office.people["member"]).get(f"/api/v1/{plural}/{made.pk}/").json()
    assert (event["object"], event["version"]) == (shown, None)


def test_every_verb_belongs_to_a_shown_kind():
    """Clients would hear of an object without serializer that it is gone."""
    actions = [*ROOT.glob("projects/actions/*.py"), *ROOT.glob("tasks/actions/*.py")]
    kinds = {word.partition(".")[0] for path in actions for word in quoted_verbs(path.read_text())}
    assert {"task", "subtask", "comment", "project", "status", "label"} <= kinds
    assert kinds <= set(shown)


def quoted_verbs(text):
    return re.findall(r'(?<!action=)"([a-z]+\.[a-z]+ed)"', text)  # those are of the audit log


# One write, one event ----------------------------------------------------------------------------------------------


def test_a_bulk_change_is_one_event_for_each_task(office, project):
    tasks = [office.act(create_task, project=project, title=str(number)) for number in range(20)]
    with office.with_token() as live:
        seq = live.subscribe(project)
        office.act(update_tasks, changes=[TaskChange(task, {"priority": "high"}) for task in tasks])
        found = events(live, 20)
    assert [event["seq"] for event in found] == list(range(seq + 1, seq + 21))
    assert [event["object"]["id"] for event in found] == [str(task.pk) for task in tasks]
    assert {event["object"]["priority"] for event in found} == {"high"}


def test_label_change_is_an_event_in_every_project_with_the_label(office, project):
    label, other = office.act(create_label, name="Bug"), make_project(office, "Other", key="OTHER")
    without = make_project(office, "Without", key="WITHOUT")
    for place in (project, other):
        office.act(create_task, project=place, title="Fix it", labels=[label])
    with office.with_token() as live:
        for place in (project, other, without):
            live.subscribe(place)
        office.act(update_label, label=label, name="Fault", color="red")
        renamed = events(live, 2)
        office.act(delete_label, label=label)
        deleted = events(live, 2)
        assert live.ask(type="ping") == {"type": "pong"}
    both = {str(project.pk), str(other.pk)}
    assert {event["project"] for event in renamed} == {event["project"] for event in deleted} == both
    assert {event["verb"] for event in renamed} == {"label.updated"}
    assert renamed[0]["object"] == {"id": str(label.pk), "name": "Fault", "color": "red"}
    assert {(event["verb"], event["object"]) for event in deleted} == {("label.deleted", None)}


def test_rolled_back_change_sends_no_event(office, project):
    task = office.act(create_task, project=project, title="Order the cake")
    stale = [TaskChange(task, {"title": "New"}), TaskChange(task, {"title": "Newer"}, version=99)]
    with office.with_token() as live:
        seq = live.subscribe(project)
        with pytest.raises(Exception, match="cannot be made"):
            office.act(update_tasks, changes=stale)
        office.act(complete_task, task=task)
        event = live.receive()
    assert (event["seq"], event["verb"]) == (seq + 1, "task.completed")
    assert event["object"]["title"] == "Order the cake"
