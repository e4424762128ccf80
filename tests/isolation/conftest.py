"""Two accounts with equivalent rows, and raw SQL as any of the database roles."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from accounts.actions.tokens import create_personal_token
from accounts.audit import draft_audit
from accounts.models import (
    ApiToken,
    AuditEntry,
    Export,
    IdempotencyKey,
    Invitation,
    Membership,
    Notification,
    PlacedIdempotencyKey,
    RefreshFamily,
    UploadURL,
)
from accounts.tokens import hash_of
from projects.models import Activity, Label, Project, ProjectMember, Status
from tasks.models import Assignment, Attachment, Comment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.models import AbstractTenant, get_membership_model
from tenancy.testing import canary
from tests.isolation.every_route import full, site  # noqa: F401  # fixtures
from tests.isolation.visits import mailbox, visit  # noqa: F401  # fixtures
from tests.sample import populating
from tests.sample.models import Note


@dataclass
class World:
    """One row of each kind in one account, with canaries in all its text, and the account."""

    tenant: AbstractTenant
    project: Project
    status: Status
    task: Task
    subtask: Subtask
    label: Label
    comment: Comment
    activity: Activity
    membership: Membership
    apitoken: ApiToken
    auditentry: AuditEntry
    invitation: Invitation
    notification: Notification
    export: Export
    attachment: Attachment
    note: Note


def populate(tenant, user) -> World:
    def text(room=80):
        return canary(tenant, room=room)

    with tenant_context(tenant):
        member = get_membership_model().objects.get(user=user)
        member.avatar = hashlib.md5(tenant.slug.encode()).hexdigest()
        member.save()
        type(tenant).objects.filter(pk=tenant.pk).update(logo=member.avatar)
        project = Project.objects.create(key="WEB", name=text(), description=text())
        status = Status.objects.create(project=project, name=text(50), category="todo", rank="a")
        task = Task.objects.create(
            project=project, number=1, title=text(), description=text(), status=status, rank="a"
        )
        subtask = Subtask.objects.create(task=task, title=text(), rank="a")
        label = Label.objects.create(name=text(50))
        TaskLabel.objects.create(task=task, label=label)
        Assignment.objects.create(task=task, member=member)
        ProjectMember.objects.create(project=project, member=member)
        comment = Comment.objects.create(task=task, author=member, body=text())
        activity = Activity.objects.create(
            project=project, seq=1, actor=member, verb="task.created", object_id=task.pk, data={"title": text()}
        )
        Project.objects.update(last_task_number=1, last_activity_seq=1)
        answer = {"body": text(), "headers": {"ETag": text()}}
        for keys in (IdempotencyKey, PlacedIdempotencyKey):
            keys.objects.create(member=member, request_hash="x", body_hash="x", status=201, **answer)
        log_in = {"current_token_id": uuid4(), "expires_at": timezone.now() + timedelta(days=1)}
        RefreshFamily.objects.create(member=member, **log_in)
        apitoken, _text = create_personal_token(actor=member, name=text())
        entry = AuditEntry.objects.get()
        draft_audit(action="project.created", actor=member, subject=project, data={"name": text()})
        invitation = Invitation.objects.create(
            email=f"new@{tenant.slug}.example.com",
            invited_by=member,
            token_hash=hash_of(f"token-of-{tenant.slug}"),
            expires_at=timezone.now() + timedelta(days=1),
        )
        about = {
            "kind": "mentioned",
            "subject_id": comment.pk,
            "data": {"task": str(task.pk), "comment": str(comment.pk)},
        }
        told = Notification.objects.create(member=member, cause="x", **about)
        export = Export.objects.create(kind="project", subject_id=project.pk, requested_by=member, format="csv")
        file = {"task": task, "comment": comment, "uploaded_by": member, "size": 7}
        attachment = Attachment.objects.create(**file, name=text(), content_type=text(), state="ready")
        UploadURL.objects.create(pk=attachment.pk, size=7, expires_at=timezone.now() + timedelta(days=1))
        note = populating.populate(member, text)
    rows = project, status, task, subtask, label, comment, activity, member, apitoken, entry, invitation, told, export
    return World(tenant, *rows, attachment, note)


@pytest.fixture
def ours(acme, alice) -> World:
    return populate(acme, alice)


@pytest.fixture
def theirs(globex, mallory) -> World:
    return populate(globex, mallory)


@pytest.fixture
def sql():
    """Run SQL and return its rows, or the number of rows that it changed."""

    def run(statement, params=None, *, using="default"):
        with connections[using].cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    return run
