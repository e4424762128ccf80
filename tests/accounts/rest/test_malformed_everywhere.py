"""Every endpoint with a body or parameters answers malformed ones with 4xx and a reason."""

import pytest

from tasks.actions.comments import create_comment
from tenancy.context import tenant_context
from tenancy.testing import membership_of

BROKEN = [
    b"{",
    b'{"name": NaN}',
    b'{"name": "\xff\xfe"}',
    b'{"name": "a\x00b"}',
    b'{"name": "\\ud800"}',
    b'{"\\ud800": "x"}',
    b'{"name": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
    b"null",
    b"[]",
    b'"x"',
    b"7",
    b'{"absent": "field"}',
    b'{"nul\\u0000": 1}',
]
WRITES = [
    ("POST", "projects/{project}/members/"),
    ("POST", "projects/{project}/archive/"),
    ("PATCH", "projects/{project}/"),
    ("POST", "statuses/"),
    ("PATCH", "statuses/{status}/"),
    ("POST", "labels/"),
    ("PATCH", "labels/{label}/"),
    ("PATCH", "tasks/WEB-1/"),
    ("POST", "tasks/bulk/"),
    ("POST", "tasks/WEB-1/move/"),
    ("POST", "tasks/WEB-1/complete/"),
    ("PATCH", "subtasks/{subtask}/"),
    ("POST", "comments/"),
    ("PATCH", "comments/{comment}/"),
    ("POST", "exports/"),
    ("POST", "attachments/"),
    ("POST", "notifications/read/"),
    ("POST", "tokens/"),
    ("PATCH", "account/"),
    ("POST", "account/transfer/"),
    ("PATCH", "members/{member}/"),
    ("POST", "members/leave/"),
    ("POST", "invitations/"),
    ("POST", "invitations/accept/"),
    ("PATCH", "me/"),
    ("POST", "auth/token/refresh/"),
    ("POST", "auth/token/verify/"),
    ("POST", "auth/token/revoke/"),
]
READS = [
    *("projects/", "statuses/", "labels/", "activity/", "members/", "me/accounts/", "tokens/", "tasks/", "subtasks/"),
    *("comments/", "search/?q=page&", "audit/", "invitations/", "notifications/", "exports/", "attachments/"),
]
HUGE = "9" * 5000


@pytest.fixture
def fill(acme, alice, project, statuses, label, task, subtask, comment):
    """Put ids into a URL."""
    rows = {"project": project, "status": statuses["todo"], "label": label, "subtask": subtask, "comment": comment}
    rows["member"] = membership_of(alice, acme)
    return lambda url: "/api/v1/" + url.format(**{name: row.pk for name, row in rows.items()})


@pytest.fixture
def comment(acme, alice, task):
    with tenant_context(acme):
        return create_comment(actor=membership_of(alice, acme), task=task, body="Which page?")


@pytest.mark.parametrize(("method", "url"), WRITES)
def test_a_broken_body_is_refused(client, alice, fill, method, url):
    session, url = client.as_(alice), fill(url)
    for body in BROKEN:
        response = session.generic(method, url, body, content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (400, "invalid"), body[:80]


@pytest.mark.parametrize(("method", "url"), WRITES)
def test_only_json_is_read(client, alice, fill, method, url):
    response = client.as_(alice).generic(
        method, fill(url), b"name=x", content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "url", "field"),
    [
        ("POST", "projects/{project}/members/", "member"),
        ("PATCH", "statuses/{status}/", "name"),
        ("PATCH", "statuses/{status}/", "category"),
        ("PATCH", "statuses/{status}/", "rank"),
        ("PATCH", "labels/{label}/", "name"),
        ("PATCH", "labels/{label}/", "color"),
        ("POST", "tasks/WEB-1/move/", "status"),
        ("POST", "tasks/WEB-1/move/", "before"),
        ("POST", "tasks/WEB-1/move/", "after"),
        ("PATCH", "comments/{comment}/", "body"),
        ("PATCH", "account/", "name"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_at_its_field(client, alice, fill, method, url, field):
    session, url = client.as_(alice), fill(url)
    for value in (None, 7, 1e300, 10**400, [], {"x": 1}, "", " ", "a\x00", "x" * 60_000):
        response = session.json(method, url, {field: value})
        assert (response.status_code, set(response.json()["errors"])) == (400, {field}), repr(value)[:80]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("id", [None, 7, [], {}, "", "x", "WEB-0", "WEB-99999999999", "nul\x00"]),
        ("version", ["1", 1.5, True, [], {}, -1, 10**400]),
        ("due_date", [7, "", "2026-02-30", "0000-01-01", "\x00"]),
        ("title", [None, 7, "", "\x00", "x" * 501]),
        ("assignees", [None, "x", [None], [[]], ["\x00"]]),
        ("x" * 1000, [1]),
    ],
)
def test_a_change_in_bulk_is_refused_at_its_place(client, alice, task, field, values):
    session = client.as_(alice)
    for value in values:
        response = session.json("POST", "/api/v1/tasks/bulk/", {"tasks": [{"id": "WEB-1", field: value}]})
        assert (response.status_code, set(response.json()["errors"])) == (400, {f"tasks[0].{field}"}), value


@pytest.mark.parametrize("url", READS)
def test_a_broken_parameter_is_refused(client, alice, task, url):
    session = client.as_(alice)
    for name in ("cursor", "page_size", "unknown"):
        for value in ("", "%00", "x", HUGE, "%ff", "-1", "1.5", "1e3", "%F0%9F%9A%80"):
            response = session.get(f"/api/v1/{url}{'' if '?' in url else '?'}{name}={value}")
            assert (response.status_code, set(response.json()["errors"])) == (400, {name}), value


@pytest.mark.parametrize(
    "parameter",
    [
        *("projects/?archived", "statuses/?project", "statuses/?category", "activity/?object", "comments/?task"),
        *("comments/?author", "subtasks/?task", "subtasks/?done", "search/?q=page&project", "tasks/?status"),
        *("tasks/?assignee", "tasks/?label", "tasks/?priority", "tasks/?due_before", "tasks/?updated_since"),
        *("tasks/?mine", "tasks/?ordering"),
    ],
)
def test_a_broken_filter_is_refused(client, alice, task, parameter):
    session = client.as_(alice)
    for value in ("", "%00", HUGE, "%ff", "%20", "0000-00-00", "9999-99-99T99:99:99Z"):
        response = session.get(f"/api/v1/{parameter}={value}")
        assert (response.status_code, len(response.json()["errors"])) == (400, 1), value


@pytest.mark.parametrize("name", ["If-Match", "Idempotency-Key"])
def test_a_broken_header_is_refused(client, alice, task, name):
    session = client.as_(alice)
    for value in ("", " ", "\xff", "a b", "x" * 5000 + " ", "\x00"):
        response = session.generic("POST", "/api/v1/tasks/WEB-1/archive/", headers={name: value})
        assert (response.status_code, set(response.json()["errors"])) == (400, {name}), value


@pytest.mark.parametrize(
    "kind", ["projects", "statuses", "labels", "activity", "members", "tasks", "comments", "tokens"]
)
def test_a_broken_id_finds_nothing(client, alice, task, kind):
    session = client.as_(alice)
    for name in ("%00", "%ff", "..%2f", HUGE, "WEB-0", f"WEB-{HUGE}", "web-1", "{}", "WEB-9999999999"):
        response = session.get(f"/api/v1/{kind}/{name}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), name
