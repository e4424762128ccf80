"""A private project and a member without access to it: no route and no queryset shows a row of the project.

The rows are found by the foreign keys and ids that lead to the project, and the routes come from the URLconfs. A new
table and a new route are covered without a change here. WebSocket frames: tests/projects/live/test_access.py.
"""

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Q, UUIDField

from accounts.extensions import digest_sections, export_kinds, notification_kinds, topics
from accounts.models import Export, Membership
from projects.models import Project, ProjectMember
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tenancy.testing import CANARY, membership_of
from tests.isolation.every_route import give_to, text_of
from tests.isolation.valid_input import OPERATIONS, Request, documented_path, requests_of
from tests.isolation.visits import path_of, undone

pytestmark = pytest.mark.django_db

LABEL = "labels belong to the account, and a change of one is an event of every project that uses it"
# {name of the route: why a member may change rows of a project that they do not see}
CHANGES_HIDDEN = {
    "edit_label": LABEL,
    "delete_label": LABEL,
    "api:label-detail": LABEL,
}
HOW_TO_HIDE = "Read rows through `visible_to(request.membership)`, which follows that of the project."
# Parameters of pages, which ignore those that they do not have.
PAGES = ("q=CANARY&archived=all", "project=WEB&panel=WEB-1&view=list", "group=status&sort=title&all=1")


def belonging_to(project):
    """Return {model: ids} of the rows that refer to a project or to what belongs to it, by key or by id."""
    found: dict = {Project: {project.pk}}
    models = [model for model in apps.get_models() if is_tenant_owned(model) and model is not Project]
    while True:
        known = set().union(*found.values())
        more = {model: set(_referring(model, known).values_list("pk", flat=True)) for model in models}
        if {**found, **more} == found:
            return {model: ids for model, ids in found.items() if ids}
        found |= more


def _referring(model, ids):
    condition = Q(pk__in=[])
    for field in model._meta.local_fields:
        is_key = isinstance(field, ForeignKey) and is_tenant_owned(field.related_model)
        if is_key or (isinstance(field, UUIDField) and not field.primary_key):
            condition |= Q(**{f"{field.attname}__in": ids})
    return model._default_manager.filter(condition)


def values(hidden):
    return {
        model: list(model._default_manager.filter(pk__in=ids).order_by("pk").values()) for model, ids in hidden.items()
    }


def secrets(hidden):
    """Return {text: model}: the ids of the rows, and every text of theirs that has a canary."""
    found = {}
    for model, ids in hidden.items():
        found |= dict.fromkeys(map(str, ids), model)
        for text in CANARY.finditer(repr(values({model: ids}))):
            found[text[0]] = model
    return found


@pytest.fixture
def hidden(acme, bob, full):
    """Make the project of the world private, and everything bob's but the access. Return what belongs to it."""
    with tenant_context(acme):
        give_to(membership_of(bob, acme))
        owners = Membership.objects.filter(role="owner").values_list("pk", flat=True)
        ProjectMember.objects.exclude(member__in=list(owners)).delete()
        Project.objects.update(private=True)
        Export.objects.update(state="ready")
        return belonging_to(full.project)


def reads(site, world, *, is_plain=False):
    """Yield (route, request) of each route; unless `is_plain`, also with each of its parameters."""
    for route in site.routes():
        path = path_of(route, world)
        queries = PAGES
        if route.api_view is not None:
            operation = OPERATIONS.get(documented_path(route), {}).get("get", {})
            parameters = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            queries = [f"{name}={_value(name, world)}" for name in parameters if _value(name, world)]
        for query in ("",) if is_plain else ("", *queries):
            yield route, Request("GET", f"{path}?{query}" if query else path, None)


def _value(name, world):
    found = {"q": "CANARY", "archived": "all", "state": "ready", "matches": "all", "page_size": "200"}
    row = getattr(world, {"actor": "membership", "assignee": "membership"}.get(name, name), None)
    return found.get(name) or getattr(row, "pk", None)


def shown(response, request, secret):
    """Return the secrets of a response that are not in the request."""
    text, given = text_of(response), f"{request.path} {request.data}"
    return [each for each in secret if each in text and each not in given]


def test_member_without_access_is_shown_nothing_of_a_private_project(site, acme, bob, full, hidden):
    with tenant_context(acme):
        secret = secrets(hidden)
    client, wrong = site.client(bob), []
    for route, request in reads(site, full):
        if found := shown(request.send(client, site.prefix), request, secret):
            wrong.append(f"GET {request.path} ({route}) shows {found[0]} of {secret[found[0]].__name__}.")
    assert not wrong, "\n".join([*wrong, HOW_TO_HIDE])


@pytest.mark.parametrize("site", ["standard at its host"], indirect=True)
def test_owner_is_shown_each_kind_of_row_by_the_same_requests(site, acme, alice, full, hidden):
    with tenant_context(acme):
        secret = {text: model for text, model in secrets(hidden).items() if text.startswith("CANARY")}
    client, found = site.client(alice), set()
    for _route, request in reads(site, full, is_plain=True):
        found |= {secret[text] for text in shown(request.send(client, site.prefix), request, secret)}
    assert found == set(secret.values())


def test_writes_of_member_without_access_show_and_change_nothing_of_a_private_project(site, acme, bob, full, hidden):
    with tenant_context(acme):
        secret, before = secrets(hidden), values(hidden)
    wrong, used = [], set()
    for route in site.routes():
        for request in requests_of(route, path_of(route, full), full):
            with undone():
                texts = shown(request.send(site.client(bob), site.prefix), request, secret)
                with tenant_context(acme):
                    after = values(hidden)
            wrong += [f"{request.method} {route} shows {text} of {secret[text].__name__}." for text in texts]
            if after != before and route.name in CHANGES_HIDDEN:
                used.add(route.name)
            elif after != before:
                names = [model.__name__ for model in after if after[model] != before[model]]
                wrong.append(f"{request.method} {route} changes {', '.join(names)}.")
    assert not wrong, "\n".join([*wrong, HOW_TO_HIDE])
    assert used == set(CHANGES_HIDDEN), "Delete the routes from CHANGES_HIDDEN that change nothing hidden."


def test_every_visible_to_hides_the_rows_of_a_private_project(acme, alice, bob, full, hidden):
    with tenant_context(acme):
        member, owner = membership_of(bob, acme), membership_of(alice, acme)
        found = set()
        for model, ids in hidden.items():
            rows = model._default_manager.filter(pk__in=ids)
            if hasattr(rows, "visible_to"):
                assert not rows.visible_to(member).exists(), f"{model.__name__}.objects.visible_to(): {HOW_TO_HIDE}"
                found |= {model} if rows.visible_to(owner).exists() else set()
        assert len(found) > 5


def test_every_kind_and_topic_hides_a_private_project(acme, alice, bob, full, hidden):
    with tenant_context(acme):
        member, owner = membership_of(bob, acme), membership_of(alice, acme)
        found = [kind for kind in (*notification_kinds, *export_kinds) if kind.model in hidden]
        assert len(found) > 2
        for kind in found:
            assert not kind.subjects(member).filter(pk__in=hidden[kind.model]).exists(), kind.name
            assert kind.subjects(owner).filter(pk__in=hidden[kind.model]).exists(), kind.name
        for topic in topics:
            for pk in hidden.get(topic.model, ()):
                assert not topic.visible_to(member).filter(pk=pk).exists(), topic.name
                pairs = {(each.pk, pk) for each in (member, owner)}
                assert topic.hidden({member.pk: member, owner.pk: owner}, pairs) == {(member.pk, pk)}, topic.name
        for section in digest_sections:
            assert not [text for text in secrets(hidden) if text in repr(section(member))]
