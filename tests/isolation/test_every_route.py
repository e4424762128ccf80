"""Every route with every method that can write: a viewer changes no row, and a non-member is also shown none.

The routes come from the URLconfs and the requests are valid, so a new route is covered without a change here. One test
sends the same requests as an owner. They change rows, so the role is the reason for a refusal and not the request.
"""

import re

import pytest

from tenancy.context import tenant_context
from tenancy.testing import CANARY, first_tenant_of, membership_of
from tenancy.tokens import issue
from tests.isolation.every_route import as_made, changed, finished, give_to, rows, text_of
from tests.isolation.routes import Route
from tests.isolation.test_gates import OPEN
from tests.isolation.valid_input import Request, requests_of
from tests.isolation.visits import path_of, undone

pytestmark = pytest.mark.django_db

READ = "marks their own notifications as read"
CHOICE = "their own preferences"
PICTURE = "their own picture"
LEAVE = "ends their own membership"
EXPORT = "an export of what they may read"
TOKEN = "their own token"
# {name of the route: what a viewer may write by it}
OWN = {
    "read_inbox": READ,
    "read_notification": READ,
    "choose_mails": CHOICE,
    "api:me": CHOICE,
    "set_avatar": PICTURE,
    "remove_avatar": PICTURE,
    "leave_account": LEAVE,
    "export_project": EXPORT,
    "api:avatar": PICTURE,
    "api:member-leave": LEAVE,
    "api:export-list": EXPORT,
    "api:token-list": TOKEN,
    "api:token-detail": TOKEN,
    "api:notification-read": READ,
    "api:notification-read-all": READ,
}
# {name of the route: why not even an owner changes a row of the account by it}
NO_ROWS = {
    "api:account-restore": "of an account that is scheduled for deletion",
    "api:accept-invitation": "the token in its body is that of an invitation",
}


HOW_TO_REFUSE = """\
Let the view call an action that begins with `authorize(actor, permission)`. If the route writes what is the viewer's
own, add it to OWN with a reason."""
HOW_TO_SEND = """\
Add a valid value for each field of the form to tests/isolation/valid_input.py, so that the test of viewers tries more
than an invalid form. If the route changes no row of the account, add it to NO_ROWS with a reason."""


def reads(site, world):
    for route in site.routes():
        yield route, Request("GET", path_of(route, world), None)


def attempts(site, world):
    for route in site.routes():
        for request in requests_of(route, path_of(route, world), world):
            yield route, request


def effects(site, world, user, state):
    """Yield (route, request, response status, tables whose rows changed) of each request. Each finds the same rows."""
    with tenant_context(site.tenant):
        state()
    before = rows(site.tenant)
    for route, request in attempts(site, world):
        with undone():
            response = request.send(site.client(user), site.prefix)
            after = rows(site.tenant)
        yield route, request, response.status_code, changed(before, after)


def test_viewer_changes_no_row_by_any_route(site, full, acme, vera):
    """The viewer is the author, the assignee and the uploader of everything. That alone permits nothing."""
    with tenant_context(acme):
        give_to(membership_of(vera, acme))
    written, wrong = set(), []
    for state in (as_made, finished):
        for route, request, status, tables in effects(site, full, vera, state):
            if status >= 500:
                wrong.append(f"{request.method} {route}: {status}")
            elif tables and route.name in OWN:
                written.add(route.name)
            elif tables:
                wrong.append(f"{request.method} {route}, sent by a viewer, changed {', '.join(tables)}.")
    assert not wrong, "\n".join([*wrong, HOW_TO_REFUSE])
    assert written == set(OWN), "Delete the routes from OWN by which a viewer writes nothing."


@pytest.mark.parametrize("site", ["roadmap at its host"], indirect=True)
def test_owner_changes_rows_by_the_same_requests(site, full, acme, alice):
    with tenant_context(acme):
        give_to(membership_of(alice, acme))
    idle, changing = {}, set()
    for state in (as_made, finished):
        for route, request, status, tables in effects(site, full, alice, state):
            name = f"{request.method} {route}"
            if tables:
                idle[name] = ""
                changing.add(route.name)
            elif status != 405 and not route.pattern.startswith(("auth/", "api/v1/auth/")):
                idle.setdefault(name, f"{name} of an owner was answered with {status} and changed nothing.")
            if route.name in NO_ROWS:
                idle[name] = ""
    wrong = [text for text in idle.values() if text]
    assert not wrong, "\n".join([*wrong, HOW_TO_SEND])
    assert not changing & set(NO_ROWS), "Delete the routes from NO_ROWS by which an owner changes rows."


NON_MEMBERS = {
    "anonymous client": lambda site, mallory: site.client(),
    "session of another account's member": lambda site, mallory: site.client(mallory),
    "token for another account": lambda site, mallory: site.client(
        authorization=f"Bearer {issue(user_id=mallory.pk, tenant=first_tenant_of(mallory))[0]}"
    ),
}


@pytest.mark.parametrize("who", NON_MEMBERS)
def test_non_members_are_shown_no_row_and_change_none(site, full, mallory, who):
    wrong = []
    before = rows(site.tenant)
    client = NON_MEMBERS[who](site, mallory)
    for route, request in [*reads(site, full), *attempts(site, full)]:
        if route.pattern in OPEN:
            continue  # open to anonymous clients
        response = request.send(client, site.prefix)
        if response.status_code not in (301, 302, 308, 401, 403, 404, 405):
            wrong.append(f"{request.method} {route}: {response.status_code}")
        if found := CANARY.search(text_of(response)):
            wrong.append(f"{request.method} {route}, sent by {who}, shows {found[0]}.")
    assert not wrong, "\n".join([*wrong, "Leave the view to members: delete its `login_not_required`."])
    assert changed(before, rows(site.tenant)) == []


def test_route_with_unknown_argument_says_where_to_add_a_value(full):
    for name, kind, text in [
        ("day", "DayConverter", "Add one of DayConverter to _value() in tests/isolation/visits.py"),
        ("pk", "UUIDConverter", "add 'report' to IDS in tests/isolation/test_html_routes.py"),
    ]:
        route = Route("config.urls.tenant", f"reports/<{name}>/", "report", lambda request: None, ((name, kind),))
        with pytest.raises(LookupError, match=re.escape(text)):
            path_of(route, full)
