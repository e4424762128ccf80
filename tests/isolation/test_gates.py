"""Every view of every URLconf requires a membership, or the list below states a reason."""

import pytest
from django.conf import settings

from accounts.rest.permissions import RoleAllows
from accounts.rest.views import MemberView, TenantViewSet
from tests.isolation.routes import URLCONFS, routes

ALLAUTH = "for people who cannot be logged in yet"

# {pattern: why it needs no membership}
OPEN = {
    "auth/login/": ALLAUTH,
    "auth/logout/": "shows nothing, and ends a session if there is one",
    "auth/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)/$": ALLAUTH,
    "auth/password/reset/key/done/": ALLAUTH,
    "auth/password/reset/": ALLAUTH,
    "auth/password/reset/done/": ALLAUTH,
    "auth/confirm-email/": ALLAUTH,
    "auth/2fa/authenticate/": "for people whose password was right: sends all others to the log-in",
    "auth/enter/": "redirects anonymous clients to the log-in on the public site",
    "auth/hand-over/": "at an account, where the token is in the query; on the public site it is for people",
    "api/v1/auth/token/": "where tokens are had",
    "api/v1/auth/token/refresh/": "the refresh token is in the body",
    "api/v1/auth/token/verify/": "the token is in the body",
    "api/v1/auth/token/revoke/": "the refresh token is in the body",
    "api/v1/invitations/accept/": "the text of the link is in the body",
    "invitations/<str:token>/": "the page of that link",
    "api/v1/schema/": "describes the API, and contains no data",
    "api/v1/docs/": "shows that description",
    "api/v1/": "answers 404 to whatever is no route",
    "pictures/logo/<picture:picture>/": "the logo is on the page to log in",
    "roadmap/": "the public roadmap, of projects that an admin chose",
}
# On the public host only, where the same pattern has another meaning than on the host of a tenant.
OPEN_IN_PUBLIC = {
    "": "the landing page",
    "auth/signup/": "where people and accounts come from",
    "auth/confirm-email/(?P<key>[-:\\w]+)/$": "the page of a link in a mail",
}


def is_public(route):
    if route.api_view is not None:
        return not any(issubclass(each, RoleAllows) for each in route.api_view.permission_classes)
    return not getattr(route.view, "login_required", True)


@pytest.mark.parametrize("urlconf", URLCONFS)
def test_every_view_requires_membership_or_is_listed(urlconf):
    allowed = OPEN | (OPEN_IN_PUBLIC if urlconf == "config.urls.public" else {})
    assert {route.pattern for route in routes(urlconf) if is_public(route)} <= set(allowed)


def test_open_routes_are_exactly_the_listed_ones():
    found = {route.pattern for urlconf in URLCONFS for route in routes(urlconf) if is_public(route)}
    assert found == set(OPEN) | set(OPEN_IN_PUBLIC)


def test_views_require_a_membership_by_default():
    """The two tests above rely on this."""
    middleware = settings.MIDDLEWARE
    member = middleware.index("accounts.middleware.MembershipMiddleware")
    assert middleware[member + 1] == "django.contrib.auth.middleware.LoginRequiredMiddleware"
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["accounts.rest.permissions.RoleAllows"]


def test_every_variant_urlconf_is_covered():
    variants = {variant["URLCONF"] for variant in settings.TENANCY["VARIANTS"].values()}
    assert {*variants, settings.ROOT_URLCONF} == set(URLCONFS)


@pytest.mark.django_db
@pytest.mark.parametrize("variant", ["standard", "roadmap"])
def test_non_members_are_refused_on_every_unlisted_route(client, acme, variant, ours):
    """The same over HTTP, for the routes without arguments."""
    type(acme).objects.filter(pk=acme.pk).update(variant=variant)
    for route in routes(settings.TENANCY["VARIANTS"][variant]["URLCONF"]):
        if route.arguments or route.pattern in OPEN:
            continue
        answer = client.at(acme).get("/" + route.pattern.removesuffix("$"))
        assert answer.status_code == (401 if route.api_view else 302), str(route)


# {handler of a route: the method that the view must define}
LEFT_TO_VIEWS = {"create": "perform_create", "partial_update": "perform_update", "destroy": "perform_destroy"}


def unwritten(route):
    """Yield the methods that a route would call and that its view does not define."""
    view = route.api_view
    if issubclass(view, MemberView):
        yield from ["locked_tag"] if hasattr(view, "patch") and view.locked_tag is MemberView.locked_tag else []
    for name in getattr(route.view, "actions", {}).values():
        left = LEFT_TO_VIEWS.get(name)
        if left and getattr(view, name) is getattr(TenantViewSet, name):
            yield from [left] if getattr(view, left) is getattr(TenantViewSet, left) else []


@pytest.mark.parametrize("urlconf", URLCONFS)
def test_every_api_view_defines_the_handlers_of_its_routes(urlconf):
    found = {str(route): list(unwritten(route)) for route in routes(urlconf) if route.api_view}
    assert found
    assert {name: missing for name, missing in found.items() if missing} == {}
