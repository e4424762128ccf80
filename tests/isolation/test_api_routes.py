"""Every route of the API with every method and foreign ids: the same bytes as for ids that do not exist."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.urls import reverse

from accounts.rest.serializers import RowField, RowListField
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tests.isolation.routes import routes

pytestmark = pytest.mark.django_db

URLCONF = "config.urls.tenant"
ROUTES = [route for route in routes(URLCONF) if route.pattern.startswith("api/")]
DETAILS = [route for route in ROUTES if route.arguments == (("pk", "text"),)]
LISTS = [
    route
    for route in ROUTES
    if not route.arguments and "list" in getattr(route.view, "actions", {}).values() and "search" not in route.pattern
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

# Routes without an id of a row.
OTHERS = {
    "api/v1/schema/": "tests/config/test_openapi.py",
    "api/v1/docs/": "tests/config/test_openapi.py",
    "api/v1/me/": "tests/accounts/test_me.py",
    "api/v1/me/accounts/": "tests/accounts/test_me.py",
    "api/v1/account/": "tests/accounts/test_account.py",
    "api/v1/account/logo/": "tests/accounts/test_pictures.py",
    "api/v1/me/avatar/": "tests/accounts/test_pictures.py",
    "api/v1/account/restore/": "tests/accounts/test_account_deletion.py",
    "api/v1/account/transfer/": "tests/accounts/test_members.py",
    "api/v1/invitations/accept/": "tests/accounts/test_acceptance.py",
    "api/v1/members/leave/$": "tests/accounts/test_members.py",
    "api/v1/projects/(?P<pk>[^/.]+)/members/(?P<member>[^/.]+)/$": "tests/projects/test_archive_and_members_api.py",
    "api/v1/audit/export/$": "tests/accounts/test_audit.py",
    "api/v1/attachments/upload/": "tests/accounts/files/test_uploads.py and test_attachment_attacks.py",
    "api/v1/search/": "tests/tasks/test_search_api.py and the canaries",
    "api/v1/notifications/read/$": "tests/accounts/emails/test_notifications_api.py",
    "api/v1/tasks/bulk/$": "tests/tasks/test_bulk_api.py",
    "api/v1/auth/token/": "tests/accounts/test_token.py",
    "api/v1/auth/token/refresh/": "tests/accounts/test_refresh.py and test_refused_tokens.py",
    "api/v1/auth/token/verify/": "tests/accounts/test_verify.py and test_refused_tokens.py",
    "api/v1/auth/token/revoke/": "tests/accounts/test_revoke.py and test_refused_tokens.py",
    "api/v1/": "answers 404 to whatever is no route",
}


@pytest.fixture(autouse=True)
def _another_number(theirs):
    with tenant_context(theirs.tenant):
        Task.objects.update(number=7)  # WEB-7 exists in the other account only, WEB-1 in this one


@pytest.fixture
def alice_asks(client, alice, ours):
    return client.at(ours.tenant).with_token(alice)


def model_of(route):
    return route.api_view.queryset.model


def row_of(world, model):
    return getattr(world, model._meta.model_name)


def address(route, pk):
    return reverse(route.name, urlconf=URLCONF, kwargs={"pk": pk})


def rows_of(world):
    """Return all rows of a tenant, table by table."""
    with tenant_context(world.tenant):
        return {
            model: list(model._default_manager.order_by("pk").values())
            for model in apps.get_models()
            if is_tenant_owned(model)
        }


def said(answer):
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("RateLimit-")}
    return answer.status_code, answer.content, headers  # without those that count the requests


def test_every_route_is_covered():
    known = {route.pattern for route in [*DETAILS, *LISTS]}
    others = {route.pattern for route in ROUTES} - known
    assert others == set(OTHERS), others ^ set(OTHERS)
    assert len(DETAILS) >= 3


@pytest.mark.parametrize("route", DETAILS, ids=str)
def test_foreign_id_answers_like_an_absent_one(alice_asks, route, theirs):
    before = rows_of(theirs)
    pairs = [(row_of(theirs, model_of(route)).pk, uuid4())]
    if model_of(route) is Task:
        pairs.append(("WEB-7", "WEB-8"))
    for foreign, absent in pairs:
        for method in METHODS:
            answers = [alice_asks.json(method, address(route, pk), {}) for pk in (foreign, absent)]
            assert said(answers[0]) == said(answers[1]), method
            assert answers[0].status_code in (404, 405) or method == "OPTIONS", method
    assert rows_of(theirs) == before


@pytest.mark.parametrize("route", DETAILS, ids=str)
def test_own_id_is_found(alice_asks, route, ours):
    """This shows that the test above uses valid addresses."""
    if route.view.actions.get("get") == "retrieve":
        row = row_of(ours, model_of(route))
        answer = alice_asks.get(address(route, row.pk))
        assert (answer.status_code, answer.json()["id"]) == (200, str(row.pk))


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_list_shows_own_rows(alice_asks, route, ours):
    if "get" in route.view.actions:
        answer = alice_asks.get(reverse(route.name, urlconf=URLCONF))
        shown = {row["id"] for row in answer.json()["results"]}
        with tenant_context(ours.tenant):
            own = {str(pk) for pk in model_of(route)._default_manager.values_list("pk", flat=True)}
        assert str(row_of(ours, model_of(route)).pk) in shown <= own


def writes():
    """Yield every relation field of each body, with its route."""
    for route in [*LISTS, *DETAILS]:
        own = route.view.initkwargs.get("serializer_class")  # of an action beside the usual ones
        for name, field in (own or route.api_view.serializer_class)().fields.items():
            if isinstance(field, RowField | RowListField) and not field.read_only:
                for method in ("patch", "post"):
                    action = route.view.actions.get(method)
                    if action in ("create", "partial_update") or (own and action):
                        yield pytest.param(route, method, name, field, id=f"{method} {route.pattern} {name}")


@pytest.mark.parametrize(("route", "method", "name", "field"), list(writes()))
def test_foreign_id_in_a_body_answers_like_an_absent_one(alice_asks, route, method, name, field, ours, theirs):
    before = rows_of(ours), rows_of(theirs)
    foreign = row_of(theirs, field.queryset.model).pk
    own_row = {"pk": row_of(ours, model_of(route)).pk} if route.arguments else {}
    answers = []
    for pk in (foreign, uuid4()):
        body = {name: [pk] if isinstance(field, RowListField) else pk}
        answers.append(alice_asks.json(method.upper(), reverse(route.name, urlconf=URLCONF, kwargs=own_row), body))
    assert said(answers[0]) == said(answers[1])
    assert answers[0].status_code == 400
    assert name in answers[0].json()["errors"]
    assert (rows_of(ours), rows_of(theirs)) == before
