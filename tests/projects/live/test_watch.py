"""The watch over sockets that follow projects."""

import pytest

from accounts.live.events import Key
from projects.actions.projects import create_project
from tenancy.context import tenant_context
from tenancy.testing import membership_of
from tests.accounts.live.looking import queries_of_look, sockets_of_viewers

pytestmark = pytest.mark.django_db


def test_a_look_asks_as_much_for_many_sockets_as_for_one(acme, alice):
    with tenant_context(acme):
        projects = [
            create_project(actor=membership_of(alice, acme), name=f"P{n}", key=f"P{n}", private=n % 2 == 0)
            for n in range(10)
        ]
    sockets = sockets_of_viewers(acme, 5)
    all_of_them = [visitor for each in sockets.values() for visitor in each]
    followed = {(member.pk, Key("project", project.pk)) for member in sockets for project in projects}
    one = all_of_them[:1], {(all_of_them[0].member_id, Key("project", projects[0].pk))}
    assert queries_of_look(acme, all_of_them, followed) == queries_of_look(acme, *one) <= 8
