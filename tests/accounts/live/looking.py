"""The queries of the watch over sockets."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.live import watch
from accounts.live.visitors import Visitor
from tenancy.testing import join, make_user

SOCKETS = 50  # of each member


def queries_of_look(tenant, visitors, followed):
    """Return the number of queries of one look at what `visitors` follow."""
    with CaptureQueriesContext(connection) as captured:
        watch.look(tenant, visitors, followed)
    return len(captured)


def sockets_of_viewers(tenant, count):
    """Return {member: their sockets} of new viewers, as the watch lists them."""
    members = [join(make_user(f"viewer-{number}"), tenant, "viewer") for number in range(count)]
    return {
        member: [
            Visitor(member.pk, member.user_id, "viewer", timezone.now(), session_key=f"session-{number}-{member.pk}")
            for number in range(SOCKETS)
        ]
        for member in members
    }
