"""A valid request for every route and method that can write, as a browser or a client of the API sends it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from config.openapi import DOCUMENT
from tasks.checklists import fingerprint
from tenancy.testing import PASSWORD
from tests.accounts.test_pictures import picture
from tests.isolation.routes import Route

METHODS = ("POST", "PUT", "PATCH", "DELETE")
OPERATIONS = json.loads(DOCUMENT.read_text())["paths"]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# {field of the API: its row in the world}, where the names differ
ROWS = {"member": "membership", "assignees": "membership", "labels": "label"}


@dataclass(frozen=True)
class Request:
    """A request without its client and the prefix of its path."""

    method: str
    path: str
    data: Any
    content_type: str = ""

    def send(self, client: Any, prefix: str = "") -> Any:
        options = {"content_type": self.content_type} if self.content_type else {}
        return getattr(client, self.method.lower())(prefix + self.path, self.data, **options)


def requests_of(route: Route, path: str, world: Any) -> list[Request]:
    """Return a valid request for each method of a route that could write."""
    if route.api_view is None:
        return [Request("POST", path, _form(route, world))]
    actions = getattr(route.view, "actions", {})
    methods = [method for method in METHODS if method.lower() in actions or hasattr(route.api_view, method.lower())]
    return [_call(route, method, path, world) for method in methods]


# Pages --------------------------------------------------------------------------------------------------------------


def _values(world: Any) -> dict[str, Any]:
    """A value for each field of any form. A form ignores the fields that it does not have."""
    return {
        "name": "Another name",
        "title": "Another title",
        "description": "Another description",
        "about": "More about it",
        "body": "Another comment",
        "email": "nina@example.com",
        "role": "viewer",
        "color": "red",
        "category": "doing",
        "priority": "urgent",
        "due_date": "2027-01-31",
        "project": str(world.project.pk),
        "status": str(world.status.pk),
        "member": str(world.membership.pk),
        "assignees": str(world.membership.pk),
        "task": "WEB-1",
        "item": "0:1",
        "seen": fingerprint(world.task.description),
        "on": "1",
        "private": "on",
        "step": "1",
        "to": "end",
        "version": str(world.task.version),
        "time_zone": "Asia/Tokyo",
        "format": "csv",
        "account_name": "Another account",
        "variant": "standard",
        "media_access": "proxied",
        "accent_hue": "30",
        "mail_digest": "on",
        "password": PASSWORD,
        "password1": "another correct horse battery",
        "password2": "another correct horse battery",
        "oldpassword": PASSWORD,
    }


# {name of the route: what it needs instead}
PAGES: dict[str, dict[str, Any]] = {
    "settings": {"slug": "acme"},
    "archive_project": {"key": "WEB"},
    "delete_project": {"key": "WEB"},
    "delete_task": {"key": "WEB-1"},
    "remove_member": {"name": "Bob"},
    "danger": {"name": "Acme"},
    "transfer_account": {"name": "Acme"},
    "new_task": {"project": "WEB"},
    "place_task": {"step": ""},
    "place_status": {"step": "-1"},
}
# {(method, name of the route): what the body of the API needs instead; None: a field that is left out}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "api:project-list"): {"key": "NEW"},
    ("POST", "api:task-move"): {"before": None},
    ("PATCH", "api:me"): {"mail_digest": False},
}


def _form(route: Route, world: Any) -> dict[str, Any]:
    is_picture = route.name in ("set_logo", "set_avatar")
    file = ("a.png", picture(), "image/png") if is_picture else ("a.txt", b"text", "text/plain")
    # Fields after a file are not read.
    return {**_values(world), **PAGES.get(route.name, {}), "file": SimpleUploadedFile(*file)}


# The API ------------------------------------------------------------------------------------------------------------


def documented_path(route: Route) -> str:
    """Return the path of a route as it is in the OpenAPI document."""
    path = "/" + re.sub(r"\(\?P<pk>[^)]*\)", "{id}", route.pattern.removesuffix("$"))
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path)


def _call(route: Route, method: str, path: str, world: Any) -> Request:
    """Return the request of the example in the OpenAPI document, with the ids of `world`."""
    documented = documented_path(route)
    operation = OPERATIONS.get(documented, {}).get(method.lower())
    if operation is None:
        raise LookupError(f"{method} {documented} is not in config/openapi.json. Run `make openapi`.")
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return Request(method, path, {"task": "WEB-1", "file": SimpleUploadedFile("a.txt", b"text", "text/plain")})
    if "image/png" in content:
        return Request(method, path, picture(), "image/png")
    body = _with_ids(content.get("application/json", {}).get("example"), "", world)
    body = {**(body or {}), **BODIES.get((method, route.name), {})}
    kept = {name: value for name, value in body.items() if value is not None}
    return Request(method, path, json.dumps(kept) if content else "", "application/json")


def _with_ids(value: Any, name: str, world: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_ids(each, key, world) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_ids(each, name, world) for each in value]
    if name == "version":
        return world.task.version
    if isinstance(value, str) and re.fullmatch(r"[A-Z]+-\d+", value):
        return "WEB-1"
    if not isinstance(value, str) or not UUID.fullmatch(value):
        return value
    row = ROWS.get(name, name)
    if not hasattr(world, row):
        raise LookupError(f"{name!r} of a body is no row of the world. Add it to ROWS in {__name__}.")
    return str(getattr(world, row).pk)
