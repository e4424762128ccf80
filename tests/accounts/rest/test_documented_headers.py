"""The OpenAPI document promises `Idempotency-Key` and `If-Match`: every operation that names one keeps the promise.

The tests are generated from the document. A new operation fails until it is among the REQUESTS, and a write without
one of the headers fails until it is on a list with a reason.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.models import AbstractIdempotencyKey, Account
from config.openapi import DOCUMENT
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tenancy.outbox.models import OutboxJob
from tenancy.testing import membership_of
from tests.accounts.account_deletion import pass_time
from tests.accounts.files.clients import BOUNDARY, TEXT, field, file, form, put
from tests.accounts.invitations import post
from tests.tasks.files import FILES

pytestmark = pytest.mark.django_db

API = "/api/v1/"
OLD = '"0123456789abcdef0123456789abcdef"'
JSON = "application/json"
WRITES = {"post", "put", "patch", "delete"}

ANONYMOUS = "the client need not be a member, to whom a key or a tag could belong"
NEW_ROW = "it makes a new row, which has no tag yet"
PICTURE = "a picture has no tag, and PUT and DELETE of one may be repeated"
MANY = "it concerns several rows, which have no tag together"
ENDS = "it takes away the permission to send it: the repeat is refused with 401, 403 or 404"

WITHOUT_MATCH = {
    **dict.fromkeys(("post auth/token/", "post auth/token/refresh/", "post auth/token/revoke/"), ANONYMOUS),
    **dict.fromkeys(("post auth/token/verify/", "post invitations/accept/"), ANONYMOUS),
    **dict.fromkeys(("post attachments/", "post attachments/upload/", "post comments/", "post exports/"), NEW_ROW),
    **dict.fromkeys(("post invitations/", "post labels/", "post projects/", "post statuses/"), NEW_ROW),
    **dict.fromkeys(("post subtasks/", "post tasks/", "post tokens/"), NEW_ROW),
    **dict.fromkeys(("put account/logo/", "delete account/logo/", "put me/avatar/", "delete me/avatar/"), PICTURE),
    **dict.fromkeys(("post notifications/read/", "post tasks/bulk/"), MANY),
    "post members/leave/": ENDS,
}
WITHOUT_KEY = {  # PUT, PATCH and DELETE may be repeated without one
    **dict.fromkeys(("post auth/token/", "post auth/token/refresh/", "post auth/token/revoke/"), ANONYMOUS),
    **dict.fromkeys(("post auth/token/verify/", "post invitations/accept/"), ANONYMOUS),
    **dict.fromkeys(("post members/leave/", "post account/transfer/"), ENDS),
}


def operations():
    """Yield ("post tasks/{id}/move/", the names of its headers) for every write of the document."""
    for path, methods in json.loads(DOCUMENT.read_text())["paths"].items():
        for method, operation in methods.items():
            if method in WRITES:
                headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
                yield f"{method} {path.removeprefix(API)}", headers


OPERATIONS = dict(operations())
KEYED = [name for name, headers in OPERATIONS.items() if "Idempotency-Key" in headers]
MATCHED = [name for name, headers in OPERATIONS.items() if "If-Match" in headers]


@dataclass
class Request:
    """A request that succeeds. `about` is the address of the row that it changes, which shows a tag."""

    url: str
    body: Any = None
    about: str = ""
    content_type: str = JSON

    @property
    def content(self):
        return self.body if isinstance(self.body, bytes) else b"" if self.body is None else json.dumps(self.body)


class Rows:
    """Creates the rows that a request needs on demand, as alice, who owns the account."""

    def __init__(self, session, account, project, task, people):
        self.session, self.account, self.project, self.task = session, account, project, task
        self.alice, self.bob = (membership_of(person, account) for person in people)

    def make(self, resource, **body):
        answer = self.session.json("POST", f"{API}{resource}/", body)
        assert answer.status_code == 201, answer.json()
        return answer.json()["id"]

    @cached_property
    def comment(self):
        return self.make("comments", task=str(self.task.pk), body="Text")

    @cached_property
    def invitation(self):
        pk = self.make("invitations", email="nina@example.com", role="member")
        post()  # the mail is sent, and another one can be requested an hour later
        with tenant_context(self.account):
            apps.get_model("accounts.Invitation").objects.update(asked_at=timezone.now() - timedelta(hours=1))
        return pk

    @cached_property
    def notification(self):
        with tenant_context(self.account):
            row = {"member": self.alice, "kind": "assigned", "subject_id": self.task.pk, "cause": "x"}
            return str(apps.get_model("accounts.Notification").objects.create(**row).pk)

    @cached_property
    def attachment(self):
        return FILES.announce(self.session, self.task).json()

    def sent_attachment(self):
        assert put(self.attachment["upload"], TEXT).status_code == 200
        return self.attachment["id"]

    def done(self, resource, pk, action):
        """Call an action on a row that has an opposite action."""
        assert self.session.json("POST", f"{API}{resource}/{pk}/{action}/").status_code == 200
        return pk

    def closed(self):
        pass_time(self.account, days=1)


def on(resource, pk, action="", body=None, tail=""):
    row = f"{API}{resource}/{pk}/"
    return Request(f"{row}{action}/{tail}" if action else row, body, row)


def new(resource, **body):
    return Request(f"{API}{resource}/", body)


def upload(rows):
    body = form(field("task", rows.task.pk), file())
    return Request(f"{API}attachments/upload/", body, "", f"multipart/form-data; boundary={BOUNDARY}")


def restoring(rows):
    rows.closed()
    return Request(f"{API}account/restore/")


def removing(rows):
    rows.session.json("POST", f"{API}projects/{rows.project.pk}/members/", {"member": str(rows.bob.pk)})
    return on("projects", rows.project.pk, "members", tail=f"{rows.bob.pk}/")


ACCOUNT, ME = f"{API}account/", f"{API}me/"
REQUESTS = {
    "patch account/": lambda rows: Request(ACCOUNT, {"name": "Other"}, ACCOUNT),
    "delete account/": lambda rows: Request(ACCOUNT, {"name": "Acme"}, ACCOUNT),
    "post account/restore/": restoring,
    "post account/transfer/": lambda rows: Request(f"{ACCOUNT}transfer/", {"member": str(rows.bob.pk)}, ACCOUNT),
    "patch me/": lambda rows: Request(ME, {"name": "Other"}, ME),
    "post attachments/": lambda rows: new(
        "attachments", task=str(rows.task.pk), name="a.txt", content_type="text/plain", size=3
    ),
    "post attachments/upload/": upload,
    "post attachments/{id}/complete/": lambda rows: on("attachments", rows.sent_attachment(), "complete"),
    "delete attachments/{id}/": lambda rows: on("attachments", rows.attachment["id"]),
    "post comments/": lambda rows: new("comments", task=str(rows.task.pk), body="Text"),
    "patch comments/{id}/": lambda rows: on("comments", rows.comment, body={"body": "Other"}),
    "delete comments/{id}/": lambda rows: on("comments", rows.comment),
    "post exports/": lambda rows: new("exports", project=str(rows.project.pk), format="csv"),
    "post invitations/": lambda rows: new("invitations", email="nina@example.com", role="member"),
    "post invitations/{id}/resend/": lambda rows: on("invitations", rows.invitation, "resend"),
    "delete invitations/{id}/": lambda rows: on("invitations", rows.invitation),
    "post labels/": lambda rows: new("labels", name="Bug"),
    "patch labels/{id}/": lambda rows: on("labels", rows.make("labels", name="Bug"), body={"name": "Other"}),
    "delete labels/{id}/": lambda rows: on("labels", rows.make("labels", name="Bug")),
    "patch members/{id}/": lambda rows: on("members", rows.bob.pk, body={"role": "viewer"}),
    "delete members/{id}/": lambda rows: on("members", rows.bob.pk),
    "post notifications/read/": lambda rows: rows.notification and Request(f"{API}notifications/read/"),
    "post notifications/{id}/read/": lambda rows: on("notifications", rows.notification, "read"),
    "post projects/": lambda rows: new("projects", name="Shop"),
    "patch projects/{id}/": lambda rows: on("projects", rows.project.pk, body={"name": "Other"}),
    "delete projects/{id}/": lambda rows: on("projects", rows.project.pk),
    "post projects/{id}/archive/": lambda rows: on("projects", rows.project.pk, "archive"),
    "post projects/{id}/restore/": lambda rows: on(
        "projects", rows.done("projects", rows.project.pk, "archive"), "restore"
    ),
    "post projects/{id}/members/": lambda rows: on(
        "projects", rows.project.pk, "members", {"member": str(rows.bob.pk)}
    ),
    "delete projects/{id}/members/{member}/": removing,
    "post statuses/": lambda rows: new("statuses", project=str(rows.project.pk), name="Review", category="doing"),
    "patch statuses/{id}/": lambda rows: on("statuses", rows.task.status_id, body={"name": "Other"}),
    "delete statuses/{id}/": lambda rows: on(
        "statuses", rows.make("statuses", project=str(rows.project.pk), name="Review", category="doing")
    ),
    "post subtasks/": lambda rows: new("subtasks", task=str(rows.task.pk), title="Part"),
    "patch subtasks/{id}/": lambda rows: on(
        "subtasks", rows.make("subtasks", task=str(rows.task.pk), title="Part"), body={"done": True}
    ),
    "delete subtasks/{id}/": lambda rows: on("subtasks", rows.make("subtasks", task=str(rows.task.pk), title="Part")),
    "post tasks/": lambda rows: new("tasks", project=str(rows.project.pk), title="Task"),
    "post tasks/bulk/": lambda rows: Request(
        f"{API}tasks/bulk/", {"tasks": [{"id": str(rows.task.pk), "title": "Other"}]}
    ),
    "patch tasks/{id}/": lambda rows: on("tasks", rows.task.pk, body={"title": "Other"}),
    "delete tasks/{id}/": lambda rows: on("tasks", rows.task.pk),
    "post tasks/{id}/move/": lambda rows: on("tasks", rows.task.pk, "move", {"status": str(rows.task.status_id)}),
    "post tasks/{id}/complete/": lambda rows: on("tasks", rows.task.pk, "complete"),
    "post tasks/{id}/reopen/": lambda rows: on("tasks", rows.done("tasks", rows.task.pk, "complete"), "reopen"),
    "post tasks/{id}/archive/": lambda rows: on("tasks", rows.task.pk, "archive"),
    "post tasks/{id}/restore/": lambda rows: on("tasks", rows.done("tasks", rows.task.pk, "archive"), "restore"),
    "post tokens/": lambda rows: new("tokens", name="CI"),
    "delete tokens/{id}/": lambda rows: on("tokens", rows.make("tokens", name="CI")),
}
SECRET = {"post tokens/"}  # the response is not stored: the repeated request is refused without effect
UNCHANGED = {"post tasks/{id}/move/"}  # to its present position: a project with one column has no other


@pytest.fixture
def rows(client, acme, alice, bob, project, task):
    return Rows(client.at(acme).with_token(alice), acme, project, task, (alice, bob))


def send(rows, operation, request, content=None, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = request.content if content is None else content
    return rows.session.generic(
        operation.partition(" ")[0].upper(), request.url, body, content_type=request.content_type, headers=names
    )


def all_rows(account):
    """Return all rows and waiting jobs of the account, except jobs that remove a repeated upload."""
    with tenant_context(account):
        owned = [model for model in apps.get_models() if is_tenant_owned(model)]
        counted = [model for model in owned if not issubclass(model, AbstractIdempotencyKey)]
        found = {model: list(model._default_manager.order_by("pk").values()) for model in counted}
    return found | {
        Account: Account.objects.filter(pk=account.pk).values().get(),
        OutboxJob: list(OutboxJob.objects.exclude(name="accounts.remove_files").values("id", "name")),
        "people": list(apps.get_model("accounts.User").objects.order_by("pk").values()),
    }


# What is promised ---------------------------------------------------------------------------------------------------


def test_every_operation_that_promises_a_header_is_tried():
    assert set(KEYED) | set(MATCHED) == set(REQUESTS)
    assert len(KEYED) > 20
    assert len(MATCHED) > 20


def test_every_write_has_the_headers_or_a_reason():
    assert {name for name in OPERATIONS if name not in MATCHED} == set(WITHOUT_MATCH)
    assert {name for name in OPERATIONS if name.startswith("post ") and name not in KEYED} == set(WITHOUT_KEY)
    assert not [name for name in KEYED if not name.startswith("post ")]


@pytest.mark.parametrize("operation", KEYED)
def test_the_same_key_has_one_effect_and_one_answer(rows, operation):
    request = REQUESTS[operation](rows)
    before = all_rows(rows.account)
    first = send(rows, operation, request, Idempotency_Key="key-1")
    after = all_rows(rows.account)
    assert (first.status_code < 300, first.has_header("Idempotency-Replayed")) == (True, False), first.content
    assert (after != before) or operation in UNCHANGED
    second = send(rows, operation, request, Idempotency_Key="key-1")
    if operation in SECRET:
        assert (second.status_code, second.json()["code"]) == (409, "conflict")
    else:
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert second["Idempotency-Replayed"] == "true"
        assert second.get("ETag") == first.get("ETag")
    assert all_rows(rows.account) == after


@pytest.mark.parametrize("operation", KEYED)
def test_the_same_key_with_another_body_is_refused(rows, operation):
    request = REQUESTS[operation](rows)
    assert send(rows, operation, request, Idempotency_Key="key-1").status_code < 300
    after = all_rows(rows.account)
    other = request.content.replace(TEXT, b"Other") if isinstance(request.body, bytes) else '{"another": "body"}'
    refused = send(rows, operation, request, other, Idempotency_Key="key-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_mismatch")
    assert all_rows(rows.account) == after


@pytest.mark.parametrize("operation", MATCHED)
def test_an_outdated_tag_is_refused_and_the_current_one_is_not(rows, operation):
    request = REQUESTS[operation](rows)
    before = all_rows(rows.account)
    keys = {"Idempotency_Key": "key-1"} if operation in KEYED else {}
    stale = send(rows, operation, request, If_Match=OLD, **keys)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    malformed = send(rows, operation, request, If_Match="nonsense", **keys)
    assert (malformed.status_code, set(malformed.json()["errors"])) == (400, {"If-Match"})
    assert all_rows(rows.account) == before
    tag = rows.session.get(request.about)["ETag"] if request.about else "*"
    done = send(rows, operation, request, If_Match=tag, **keys)
    assert done.status_code < 300, done.content


@pytest.mark.parametrize("operation", [name for name, reason in WITHOUT_MATCH.items() if reason != ANONYMOUS])
def test_if_match_fails_where_resource_has_no_etag(rows, operation):
    """A write with a precondition must not run without the check."""
    request = REQUESTS[operation](rows) if operation in REQUESTS else Request(API + operation.partition(" ")[2])
    before = all_rows(rows.account)
    if "logo" in operation or "avatar" in operation:
        request.content_type = "image/png"
    answer = send(rows, operation, request, If_Match=OLD)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert [row for row in all_rows(rows.account).items() if row not in before.items()] == []


# Which rows a write is about ---------------------------------------------------------------------------------------


def test_an_action_of_a_list_without_an_answer_is_repeated_without_one(rows, client, acme, bob):
    """A readmitted member may still have the key: a 204 response has no rows to check."""
    session, request = client.at(acme).with_token(bob), Request(f"{API}members/leave/")
    rows.session = session
    assert send(rows, "post members/leave/", request, Idempotency_Key="key-1").status_code == 204
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.ended_at = None
        membership.save()
    again = send(rows, "post members/leave/", request, Idempotency_Key="key-1")
    assert (again.status_code, again.content) == (204, b"")


def test_write_is_rolled_back_with_its_response(rows, monkeypatch):
    """For every kind of view: a failure after the writes of the action rolls them back."""
    for operation in ("patch account/", "patch me/", "post account/transfer/", "patch tasks/{id}/", "post projects/"):
        request = REQUESTS[operation](rows)
        before = all_rows(rows.account)
        with monkeypatch.context() as patch:
            for view in ("accounts.api.account", "accounts.api.me", "accounts.rest.views"):
                patch.setattr(f"{view}.etag", lambda data: 1 / 0)
            assert send(rows, operation, request).status_code == 500
        assert all_rows(rows.account) == before, operation
