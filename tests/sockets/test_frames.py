"""The frames of the contract, one by one."""

import pytest

from tasks.actions import create_task

pytestmark = pytest.mark.django_db(transaction=True)


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
