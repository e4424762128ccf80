"""The watch over sockets that follow projects."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.live import watch as watching
from accounts.live.events import Key
from accounts.live.visitors import Visitor
from projects.actions.projects import create_project
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of

pytestmark = pytest.mark.django_db


def test_a_look_asks_as_much_for_many_sockets_as_for_one(acme, alice):
    with tenant_context(acme):
        projects = [
            create_project(actor=membership_of(alice, acme), name=f"P{n}", key=f"P{n}", private=n % 2 == 0)
            for n in range(10)
        ]
    members = [join(make_user(f"viewer-{number}"), acme, "viewer") for number in range(5)]
    visitors = [
        Visitor(member.pk, member.user_id, "viewer", timezone.now(), session_key=f"session-{number}-{member.pk}")
        for member in members
        for number in range(50)
    ]
    followed = {(visitor.member_id, Key("project", project.pk)) for visitor in visitors for project in projects}

    def queries(visitors, followed):
        with CaptureQueriesContext(connection) as captured:
            watching.look(acme, visitors, followed)
        return len(captured)

    assert (len(set(visitors)), len(followed)) == (250, 50)
    assert queries(visitors, followed) == queries(visitors[:1], {(members[0].pk, Key("project", projects[0].pk))}) <= 8
