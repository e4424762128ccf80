"""Every page of a tenant's host with every method and foreign keys: the same bytes as for keys that do not exist."""

import hashlib
import re
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.urls import reverse

from accounts.files.names import avatar_file, logo_file
from projects.models import Project
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tenancy.storage import storage
from tests.isolation.routes import routes

pytestmark = pytest.mark.django_db

ROUTES = [
    route
    for variant in settings.TENANCY["VARIANTS"].values()
    for route in routes(variant["URLCONF"])
    if not route.pattern.startswith(("api/", "auth/"))  # test_api_routes.py; allauth's pages show no rows
]
WITH_KEYS = [route for route in ROUTES if route.arguments]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
RANDOM = re.compile(rb'(csrfmiddlewaretoken" value|nonce|"X-CSRFToken"|data-keys)(=|: )"[\w+/=. -]+"')

# {argument: (foreign, absent)}, for the converters of frontend.projects.lookups …
KEYS = {
    "ProjectKeyConverter": [("ZED", "NIL")],
    "PictureConverter": [(hashlib.md5(b"globex").hexdigest(), "0" * 32)],
    "StringConverter": [("token-of-globex", "token-of-no-account")],  # of invitations
    "TaskKeyConverter": [("ZED-7", "NIL-7"), ("WEB-7", "WEB-8")],
}
# … and for ids, by the model of the route.
IDS = {
    **dict.fromkeys(("edit_status", "place_status", "delete_status"), "status"),
    **dict.fromkeys(("edit_label", "delete_label"), "label"),
    **dict.fromkeys(("tick_subtask", "rename_subtask", "move_subtask", "delete_subtask"), "subtask"),
    **dict.fromkeys(("edit_comment", "tick_comment", "delete_comment"), "comment"),
    **dict.fromkeys(("change_role", "remove_member"), "membership"),
    **dict.fromkeys(("resend_invitation", "revoke_invitation"), "invitation"),
    "delete_attachment": "attachment",
    "read_notification": "notification",
}


@pytest.fixture(params=["standard", "roadmap"])
def variant(request, acme, globex):
    for tenant in (acme, globex):
        type(tenant).objects.filter(pk=tenant.pk).update(variant=request.param)
    return settings.TENANCY["VARIANTS"][request.param]["URLCONF"]


@pytest.fixture(autouse=True)
def _foreign_keys(theirs):
    """ZED is a project of the other account only, and WEB-7 a task in its project with the same key."""
    with tenant_context(theirs.tenant):
        Task.objects.update(number=7)
        project = Project.objects.create(key="ZED", name="theirs")
        task = Task.objects.get()
        Task.objects.create(project=project, number=7, title="theirs", status=task.status, rank="a")


@pytest.fixture
def alice_asks(client, alice, ours, variant):
    return client.as_(alice)


def pairs(route, theirs):
    """Yield (foreign, absent) arguments of a route. Raises KeyError for a route without known arguments."""
    ((name, kind),) = route.arguments
    if kind == "UUIDConverter":
        yield {name: getattr(theirs, IDS[route.name]).pk}, {name: uuid4()}
    else:
        for foreign, absent in KEYS[kind]:
            yield {name: foreign}, {name: absent}


def said(answer):
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Security-Policy"}
    return answer.status_code, RANDOM.sub(b"", answer.content), headers


def rows_of(world):
    with tenant_context(world.tenant):
        owned = [model for model in apps.get_models() if is_tenant_owned(model)]
        return {model: list(model._default_manager.order_by("pk").values()) for model in owned}


def test_foreign_keys_answer_like_absent_ones(alice_asks, variant, theirs):
    before = rows_of(theirs)
    tried = 0
    for route in [route for route in WITH_KEYS if route.urlconf == variant]:
        for foreign, absent in pairs(route, theirs):
            for method in METHODS:
                paths = [reverse(route.name, urlconf=variant, kwargs=kwargs) for kwargs in (foreign, absent)]
                answers = [alice_asks.generic(method, path) for path in paths]
                assert said(answers[0]) == said(answers[1]), f"{method} {paths}"
                assert answers[0].status_code in (404, 405), f"{method} {paths}"
                tried += 1
    assert tried >= 6 * len(METHODS)
    assert rows_of(theirs) == before


def test_own_keys_are_found(alice_asks, variant, ours):
    """This shows that the test above uses valid addresses."""
    found = {"ProjectKeyConverter": "WEB", "TaskKeyConverter": "WEB-1"}
    found["StringConverter"] = "token-of-acme"  # of an invitation
    found["PictureConverter"] = picture = ours.membership.avatar
    with tenant_context(ours.tenant):
        for name in (logo_file(picture), avatar_file(picture)):
            storage.save(name, ContentFile(b"a picture"))
    for route in [route for route in ROUTES if route.urlconf == variant]:
        own = {**found, "UUIDConverter": getattr(ours, IDS.get(route.name, "task")).pk}
        kwargs = {name: own[kind] for name, kind in route.arguments}
        answer = alice_asks.get(reverse(route.name, urlconf=variant, kwargs=kwargs))
        assert answer.status_code in (200, 405), str(route)


def test_a_task_cannot_be_moved_to_a_foreign_status(alice_asks, ours, theirs):
    before = rows_of(ours), rows_of(theirs)
    foreign, absent = (alice_asks.post("/tasks/WEB-1/move/", {"status": pk}) for pk in (theirs.status.pk, uuid4()))
    assert said(foreign) == said(absent)
    assert foreign.status_code == 400
    assert (rows_of(ours), rows_of(theirs)) == before
