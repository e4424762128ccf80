"""Every list refuses repeated parameters, with equal or different values."""

import pytest

from accounts.rest.pagination import KeysetPagination
from accounts.rest.strictness import StrictView
from tests.isolation.routes import routes

PAGE = {KeysetPagination.CURSOR, KeysetPagination.SIZE}


def _lists():
    """Yield the path and the parameters of each API route that takes parameters when it is read."""
    for route in routes("config.urls.tenant"):
        kind, actions = route.api_view, getattr(route.view, "actions", {"get": "get"})
        if kind is None or not issubclass(kind, StrictView) or "get" not in actions:
            continue
        view = kind()
        view.action_map, view.request = actions, None
        if hasattr(route.view, "actions"):
            view.action = actions["get"]
        if names := view.query_parameters():
            yield route.pattern.removesuffix("$"), names


LISTS = dict(_lists())


def test_list_routes_are_found():
    assert {"api/v1/tasks/", "api/v1/me/accounts/", "api/v1/search/", "api/v1/audit/export/"} <= set(LISTS)
    assert "ordering" in LISTS["api/v1/tasks/"]
    assert len([names for names in LISTS.values() if names >= PAGE]) > 10


@pytest.mark.parametrize(("path", "name"), [(path, name) for path in LISTS for name in sorted(LISTS[path])])
def test_parameter_that_is_given_twice_is_refused_by_name(client, alice, path, name):
    value = {"page_size": "1", "ordering": "title", "format": "csv", "q": "page"}.get(name, "x")
    query = f"{name}={value}&{name}={value}"
    response = client.as_(alice).get(f"/{path}?{query}")
    assert response.status_code == 400
    assert response.json()["errors"] == {name: ["Give this parameter once."]}
