"""The frames of the contract, one by one."""

import json
from uuid import uuid4

import pytest

from accounts.extensions import shown
from projects.actions import create_label, create_status, delete_label, update_label, update_project, update_status
from tasks.actions import (
    TaskChange,
    complete_task,
    create_comment,
    create_subtask,
    create_task,
    delete_comment,
    delete_task,
    update_task,
    update_tasks,
)
from tenancy.context import tenant_context
from tests.isolation.test_call_sites import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def events(live, number):
    return [live.receive() for _ in range(number)]


def briefly(found):
    return [(event["seq"], event["verb"]) for event in found]


def test_ping(office):
    with office.with_token() as live:
        assert live.connection.subprotocol == "commonhold.v1"
        assert live.ask(type="ping") == {"type": "pong"}


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


def test_what_is_gone_is_null(office, project):
    task = office.act(create_task, project=project, title="Order the cake")
    with office.with_token() as live:
        live.subscribe(project)
        office.act(delete_task, task=task)
        event = live.receive()
    assert (event["verb"], event["object"], event["version"]) == ("task.deleted", None, None)


@pytest.mark.parametrize("kind", ["project", "status", "label", "subtask", "comment"])
def test_everything_on_a_board_is_shown_as_by_the_api(office, project, client, kind):
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


def test_every_verb_is_of_a_kind_that_is_shown():
    """Of an object that nobody shows clients would hear that it is gone."""
    actions = [*ROOT.glob("projects/actions/*.py"), *ROOT.glob("tasks/actions/*.py")]
    kinds = {word.partition(".")[0] for path in actions for word in quoted_verbs(path.read_text())}
    assert {"task", "subtask", "comment", "project", "status", "label"} <= kinds
    assert kinds <= set(shown)


def quoted_verbs(text):
    import re

    return re.findall(r'(?<!action=)"([a-z]+\.[a-z]+ed)"', text)  # those are of the audit log


# Catching up -------------------------------------------------------------------------------------------------------


def test_since_catches_up_and_goes_on_live(office, project):
    tasks = [office.act(create_task, project=project, title=f"Task {number}") for number in range(3)]
    with office.with_token() as live:
        assert live.subscribe(project, since=1) == 4
        found = events(live, 3)
        office.act(complete_task, task=tasks[0])
        found += events(live, 1)
    assert briefly(found) == [(2, "task.created"), (3, "task.created"), (4, "task.created"), (5, "task.completed")]
    assert found[0]["object"]["title"] == "Task 0"


def test_without_since_it_begins_now(office, project):
    task = office.act(create_task, project=project, title="Before")
    with office.with_token() as live:
        assert live.subscribe(project) == 2
        office.act(complete_task, task=task)
        assert live.receive()["seq"] == 3


def test_since_the_current_number_sends_nothing(office, project):
    with office.with_token() as live:
        live.subscribe(project, since=1)
        assert live.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("since", [2, 2**63 - 1])
def test_a_number_that_there_is_not_yet_is_answered_with_resync(office, project, since):
    with office.with_token() as live:
        assert live.subscribe(project, since=since) == 1
        assert live.receive() == {"type": "resync", "project": str(project.pk)}
        office.act(update_project, project=project, name="Another")
        assert live.receive()["seq"] == 2


def test_who_is_too_far_behind_gets_resync(office, project):
    with tenant_context(office.tenant):
        type(project).objects.filter(pk=project.pk).update(last_activity_seq=1_002)
    with office.with_token() as live:
        assert live.subscribe(project, since=1) == 1_002
        assert live.receive() == {"type": "resync", "project": str(project.pk)}
        office.act(update_project, project=project, name="Another")
        assert live.receive()["seq"] == 1_003


def test_rows_that_are_missing_are_answered_with_resync(office, project):
    """Somebody has cleared old activity away."""
    for name in ("One", "Two", "Three"):
        office.act(update_project, project=project, name=name)
    with tenant_context(office.tenant):
        project.activities.filter(seq=2).delete()
    with office.with_token() as live:
        assert live.subscribe(project, since=1) == 4
        assert live.receive() == {"type": "resync", "project": str(project.pk)}
        office.act(update_project, project=project, name="Four")
        assert live.receive()["seq"] == 5


def test_a_long_way_is_caught_up_in_batches(office, project):
    task = office.act(create_task, project=project, title="0")
    for number in range(1, 250):
        office.act(update_task, task=task, title=str(number))
    with office.with_token() as live:
        assert live.subscribe(project, since=0) == 251
        assert [event["seq"] for event in events(live, 251)] == list(range(1, 252))


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


def test_a_label_is_followed_in_every_project_that_has_it(office, project):
    label, other = office.act(create_label, name="Bug"), office.make_project("Other", key="OTHER")
    without = office.make_project("Without", key="WITHOUT")
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


def test_what_is_rolled_back_is_no_event(office, project):
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


# Subscriptions -----------------------------------------------------------------------------------------------------


def test_unsubscribe(office, project):
    task = office.act(create_task, project=project, title="Order the cake")
    with office.with_token() as live:
        live.subscribe(project)
        live.send(type="unsubscribe", project=project.pk)
        assert live.ask(type="ping") == {"type": "pong"}
        office.act(complete_task, task=task)
        live.send(type="unsubscribe", project=uuid4())  # of what is not followed: nothing to do
        assert live.subscribe(project) == 3


def test_subscribing_again_begins_again(office, project):
    office.act(create_task, project=project, title="Order the cake")
    with office.with_token() as live:
        live.subscribe(project)
        live.subscribe(project, since=0)
        assert briefly(events(live, 2)) == [(1, "project.created"), (2, "task.created")]
        comment = office.act(create_comment, task=office.act(create_task, project=project, title="x"), body="y")
        office.act(delete_comment, comment=comment)
        office.act(update_status, status=first_status(office, project), name="Later")
        assert [event["seq"] for event in events(live, 4)] == [3, 4, 5, 6]  # each once


def first_status(office, project):
    with tenant_context(office.tenant):
        return project.statuses.first()


def test_several_projects_on_one_socket(office, project):
    other = office.make_project("Other", key="OTHER")
    with office.with_token() as live:
        live.subscribe(project)
        live.subscribe(other)
        office.act(create_task, project=other, title="There")
        office.act(create_task, project=project, title="Here")
        found = {event["project"]: event["object"]["title"] for event in events(live, 2)}
    assert found == {str(other.pk): "There", str(project.pk): "Here"}


# What is not understood --------------------------------------------------------------------------------------------


def nested(depth):
    return "[" * depth


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "42",
        '"ping"',
        "{}",
        '{"type": null}',
        '{"type": ["ping"]}',
        '{"type": "destroy"}',
        '{"type": "ping", "more": 1}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "project": null}',
        '{"type": "subscribe", "project": 42}',
        '{"type": "subscribe", "project": "WEB"}',
        '{"type": "subscribe", "project": "\\u0000"}',
        '{"type": "subscribe", "project": ["00000000-0000-0000-0000-000000000000"]}',
        *(
            f'{{"type": "subscribe", "project": "00000000-0000-0000-0000-000000000000", "since": {since}}}'
            for since in ("-1", "1.5", '"1"', "true", "1e999", "9" * 30, "[]", "NaN")
        ),
        '{"type": "subscribe", "project": "00000000-0000-0000-0000-000000000000", "group": "tenant.x"}',
        '{"type": "unsubscribe", "project": "x"}',
        nested(4_000),
        "9" * 4_000,
        b"\x00\xff",
        b'{"type": "ping"}',
    ],
    ids=lambda text: str(text[:60]),
)
def test_a_frame_that_is_not_understood_costs_an_answer(office, text):
    with office.with_token() as live:
        live.connection.send(text)
        answer = live.receive()
        assert (answer["type"], answer["code"]) == ("error", "invalid"), answer
        assert set(answer) == {"type", "code", "detail"}
        assert live.ask(type="ping") == {"type": "pong"}


def test_a_frame_that_is_too_long(office):
    with office.with_token() as live:
        live.connection.send(json.dumps({"type": "ping", "more": "x" * 5_000}))
        assert live.receive()["code"] == "too_large"
        assert live.ask(type="ping") == {"type": "pong"}
        live.connection.send("x" * 100_000)
        assert live.closed()[0] == 1009
