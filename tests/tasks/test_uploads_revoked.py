"""Uploads whose member loses the permission before the last byte: they are refused, and nothing stays stored."""

from io import BytesIO

import pytest
from django.utils import timezone

from accounts.models import Account, Membership
from projects.models import Activity, Project
from tasks.models import Attachment
from tenancy.context import tenant_context
from tests.accounts.files.clients import BOUNDARY, field, file, form, keys_of
from tests.tasks.files import API

pytestmark = pytest.mark.django_db

UPLOAD = f"{API}upload/"
PAGE = "/tasks/WEB-1/attachments/"
CONTENT = b"x" * 2**20  # of several pieces


class Body(BytesIO):
    """A body before whose last bytes something happens."""

    def __init__(self, content, happens):
        super().__init__(content)
        self.last, self.happens, self.has_happened = len(content) - 10, happens, False

    def read(self, size=-1):
        if self.tell() >= self.last and not self.has_happened:
            self.has_happened = True
            self.happens()
        end = self.last if self.tell() < self.last else self.last + 10
        wanted = end - self.tell()
        return super().read(wanted if size < 0 else min(size, wanted))


def attachments_of(account):
    with tenant_context(account):
        return Attachment.objects.count()


def remove(member):
    Membership.objects.filter(pk=member.pk).update(ended_at=timezone.now())


def demote(member):
    Membership.objects.filter(pk=member.pk).update(role="viewer")


def suspend(member):
    Account.objects.filter(pk=member.account_id).update(suspended_at=timezone.now())


def hide(member):
    Project.objects.update(private=True)


REVOCATIONS = [(remove, 403), (demote, 403), (suspend, 403), (hide, 404)]


def send(session, path, happens, *fields):
    content = form(*fields, file(content=CONTENT))
    body = Body(content, happens)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    answer = session.generic("POST", path, content, content_type=kind, **{"wsgi.input": body})
    assert body.has_happened
    return answer


@pytest.mark.parametrize(("revoke", "status"), REVOCATIONS)
@pytest.mark.parametrize("where", ["api", "page"])
def test_upload_is_refused_after_a_revocation(client, acme, bob, task, run_jobs, revoke, status, where):
    with tenant_context(acme):
        member, told = Membership.objects.get(user=bob), Activity.objects.count()

    def happens():
        assert attachments_of(acme) == 1  # the file is on its way
        with tenant_context(acme):
            revoke(member)

    if where == "api":
        answer = send(client.with_token(bob), UPLOAD, happens, field("task", task.pk))
    else:
        answer = send(client.as_(bob), PAGE, happens)
    assert answer.status_code == status
    with tenant_context(acme):
        run_jobs()
        assert Activity.objects.count() == told
    assert (attachments_of(acme), keys_of(acme)) == (0, set())


def test_upload_is_accepted_without_a_revocation(client, acme, bob, task, run_jobs):
    answer = send(client.with_token(bob), UPLOAD, lambda: None, field("task", task.pk))
    assert answer.status_code == 201
    run_jobs()
    with tenant_context(acme):
        assert Attachment.objects.get().state == "ready"
