"""Every action of a member, found in the code, and how a test calls it."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.actions import (
    account_deletion,
    accounts,
    attachments,
    exports,
    invitations,
    members,
    notifications,
    pictures,
    tokens,
)
from accounts.actions.attachments import NewFile
from accounts.actions.uploads import Arrival
from accounts.models import Account, Membership, Notification
from projects.actions import labels, projects, statuses
from projects.models import Project
from tasks.actions import bulk, checklists, columns, comments, progress, subtasks, tasks
from tasks.actions.tasks import TaskFields
from tasks.checklists import Tick, fingerprint
from tasks.models import Attachment, Task
from tenancy.storage import storage
from tests.accounts.test_pictures import picture
from tests.isolation.test_call_sites import PACKAGES

LIST = "- [ ] Call"
TICK = Tick(0, True, fingerprint(LIST))
ABOVE_AND_BELOW = {"config", "frontend", "tenancy"}  # pages call actions; the other packages have no members
WITHOUT_ACTIONS = ("migrations", "management", "testdata")

# Functions with a parameter `actor` that check no permission: {name: why}
NOT_ACTIONS = {
    "accounts.extensions.AttachmentKind.record": "writes down what an action has done, in its transaction",
    "tasks.extensions.TaskFiles.record": "writes down what an action has done, in its transaction",
    "accounts.actions.authorization.authorize": "asks",
    "accounts.actions.activity.record_event": "writes down what an action has done, in its transaction",
    "accounts.audit.draft_audit": "writes down what an action has done, in its transaction",
    "accounts.audit.record_audit": "writes down what an action has done, in its transaction",
    "accounts.actions.members.end_membership": "called by actions that were authorized, and by who deletes their user",
    "projects.actions.activity.lock_project_for": "asks, in the name of an action",
    "projects.actions.activity.record_activity": "writes down what an action has done, in its transaction",
    "projects.actions.activity.sees": "a condition",
    "tasks.actions.notifications.notify_assigned": "part of an action that was authorized",
    "tasks.actions.notifications.notify_mentioned": "part of an action that was authorized",
    "tasks.actions.comments.lock_own_comment": "asks, in the name of an action",
    "tasks.actions.tasks.change_locked": "part of two actions, after they were authorized",
    "tasks.actions.tasks.lock_task_for": "asks, in the name of an action",
}


def found() -> Iterator[str]:
    """Yield the names of all public functions and methods with a parameter `actor`."""
    for package in sorted(set(PACKAGES) - ABOVE_AND_BELOW):
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not set(info.name.split(".")) & set(WITHOUT_ACTIONS):
                yield from _in_module(importlib.import_module(info.name))


def _in_module(module: Any) -> Iterator[str]:
    here = [thing for thing in vars(module).values() if getattr(thing, "__module__", None) == module.__name__]
    for thing in here:
        for each in vars(thing).values() if inspect.isclass(thing) else [thing]:
            called = getattr(each, "__func__", each)  # of a class method
            function = inspect.unwrap(called) if callable(called) else None
            public = inspect.isfunction(function) and not function.__name__.startswith("_")
            if public and "actor" in inspect.signature(function).parameters:
                yield f"{module.__name__}.{function.__qualname__}"


@dataclass
class World:
    """The objects of the actions: all exist, and `actor` has every permission."""

    account: Account
    actor: Membership
    other: Membership
    project: Project
    task: Task

    def attachment(self, **fields: Any) -> Attachment:
        about = {"name": "a.txt", "content_type": "text/plain", "size": 1, **fields}
        made = Attachment.objects.create(task=self.task, uploaded_by=self.actor, **about)
        storage.save(made.incoming, ContentFile(b"x"))
        return made

    def new_attachment(self) -> dict[str, Any]:
        return {"model": Attachment, "subject": {"task": self.task}, "file": NewFile("a.txt", "text/plain", 1)}

    def subtask(self) -> Any:
        return subtasks.create_subtask(actor=self.actor, task=self.task, title="One")

    def comment(self, body: str = "A comment") -> Any:
        return comments.create_comment(actor=self.actor, task=self.task, body=body)

    def task_with_list(self) -> Task:
        Task.objects.filter(pk=self.task.pk).update(description=LIST)
        return self.task

    def status(self) -> Any:
        return statuses.create_status(actor=self.actor, project=self.project, name="More", category="doing")

    def label(self) -> Any:
        label = labels.create_label(actor=self.actor, name="Bug")
        tasks.update_task(actor=self.actor, task=self.task, labels=[label])
        return label

    def invitation(self, **fields: Any) -> Any:
        made = invitations.invite(actor=self.actor, email="nina@example.com")
        type(made).objects.filter(pk=made.pk).update(**fields)
        return made

    def notification(self) -> Any:
        about = {"kind": "assigned", "subject_id": self.task.pk, "cause": "x"}
        return Notification.objects.create(member=self.actor, **about)

    def completed(self) -> Task:
        return progress.complete_task(actor=self.actor, task=self.task)

    def archived(self) -> Task:
        return progress.archive_task(actor=self.actor, task=self.task)

    def closing(self) -> Account:
        now = timezone.now()
        Account.objects.filter(pk=self.account.pk).update(suspended_at=now, deleting_since=now)
        return self.account

    def project_member(self) -> Membership:
        projects.add_project_member(actor=self.actor, project=self.project, member=self.other)
        return self.other

    def archived_project(self) -> Project:
        return projects.archive_project(actor=self.actor, project=self.project)


type Arguments = Callable[[World], dict[str, Any]]

# {name: the action, and its arguments beside `actor`}
CALLS: dict[str, tuple[Callable[..., Any], Arguments]] = {
    "accounts.actions.accounts.choose_mails": (accounts.choose_mails, lambda w: {"mail_digest": False}),
    "accounts.actions.accounts.update_account": (
        accounts.update_account,
        lambda w: {"account": w.account, "name": "New"},
    ),
    "accounts.actions.accounts.update_profile": (accounts.update_profile, lambda w: {"name": "New"}),
    "accounts.actions.account_deletion.delete_account": (
        account_deletion.delete_account,
        lambda w: {"name": w.account.name},
    ),
    "accounts.actions.account_deletion.restore_account": (
        account_deletion.restore_account,
        lambda w: w.closing() and {},
    ),
    "accounts.actions.invitations.invite": (invitations.invite, lambda w: {"email": "nina@example.com"}),
    "accounts.actions.invitations.resend_invitation": (
        invitations.resend_invitation,
        lambda w: {"invitation": w.invitation(asked_at=timezone.now() - invitations.LIFETIME)},
    ),
    "accounts.actions.invitations.revoke_invitation": (
        invitations.revoke_invitation,
        lambda w: {"invitation": w.invitation()},
    ),
    "accounts.actions.members.change_role": (members.change_role, lambda w: {"member": w.other, "role": "viewer"}),
    "accounts.actions.members.leave_account": (members.leave_account, lambda w: {}),
    "accounts.actions.members.remove_member": (members.remove_member, lambda w: {"member": w.other}),
    "accounts.actions.members.transfer_account": (members.transfer_account, lambda w: {"member": w.other}),
    "accounts.actions.pictures.remove_avatar": (pictures.remove_avatar, lambda w: {}),
    "accounts.actions.pictures.remove_logo": (pictures.remove_logo, lambda w: {"account": w.account}),
    "accounts.actions.pictures.set_avatar": (pictures.set_avatar, lambda w: {"content": picture()}),
    "accounts.actions.pictures.set_logo": (pictures.set_logo, lambda w: {"account": w.account, "content": picture()}),
    "accounts.actions.tokens.create_personal_token": (tokens.create_personal_token, lambda w: {"name": "Script"}),
    "accounts.actions.tokens.revoke_personal_token": (
        tokens.revoke_personal_token,
        lambda w: {"token": tokens.create_personal_token(actor=w.actor, name="Script")[0]},
    ),
    "projects.actions.labels.create_label": (labels.create_label, lambda w: {"name": "Bug"}),
    "projects.actions.labels.delete_label": (labels.delete_label, lambda w: {"label": w.label()}),
    "projects.actions.labels.update_label": (labels.update_label, lambda w: {"label": w.label(), "name": "x"}),
    "projects.actions.projects.add_project_member": (
        projects.add_project_member,
        lambda w: {"project": w.project, "member": w.other},
    ),
    "projects.actions.projects.archive_project": (projects.archive_project, lambda w: {"project": w.project}),
    "projects.actions.projects.create_project": (projects.create_project, lambda w: {"name": "New"}),
    "projects.actions.projects.delete_project": (projects.delete_project, lambda w: {"project": w.project}),
    "projects.actions.projects.remove_project_member": (
        projects.remove_project_member,
        lambda w: {"project": w.project, "member": w.project_member()},
    ),
    "projects.actions.projects.restore_project": (
        projects.restore_project,
        lambda w: {"project": w.archived_project()},
    ),
    "projects.actions.projects.set_on_roadmap": (
        projects.set_on_roadmap,
        lambda w: {"project": w.project, "shown": True},
    ),
    "projects.actions.projects.update_project": (
        projects.update_project,
        lambda w: {"project": w.project, "name": "New"},
    ),
    "projects.actions.statuses.create_status": (
        statuses.create_status,
        lambda w: {"project": w.project, "name": "More", "category": "doing"},
    ),
    "projects.actions.statuses.delete_status": (statuses.delete_status, lambda w: {"status": w.status()}),
    "projects.actions.statuses.move_status": (statuses.move_status, lambda w: {"status": w.status(), "step": -1}),
    "projects.actions.statuses.update_status": (statuses.update_status, lambda w: {"status": w.status(), "name": "x"}),
    "accounts.actions.attachments.complete_attachment": (
        attachments.complete_attachment,
        lambda w: {"attachment": w.attachment()},
    ),
    "accounts.actions.attachments.announce_attachment": (
        attachments.announce_attachment,
        lambda w: w.new_attachment(),
    ),
    "accounts.actions.attachments.create_attachment": (
        attachments.create_attachment,
        lambda w: w.new_attachment(),
    ),
    "accounts.actions.attachments.delete_attachment": (
        attachments.delete_attachment,
        lambda w: {"attachment": w.attachment(state="ready")},
    ),
    "accounts.actions.attachments.receive_attachment": (
        attachments.receive_attachment,
        lambda w: {"attachment": w.attachment(), "size": 2},
    ),
    "tasks.actions.bulk.update_tasks": (
        bulk.update_tasks,
        lambda w: {"changes": [bulk.TaskChange(w.task, TaskFields(title="x"))]},
    ),
    "tasks.actions.checklists.tick_in_comment": (
        checklists.tick_in_comment,
        lambda w: {"comment": w.comment(LIST), "tick": TICK},
    ),
    "tasks.actions.checklists.tick_in_description": (
        checklists.tick_in_description,
        lambda w: {"task": w.task_with_list(), "tick": TICK},
    ),
    "tasks.actions.columns.retire_status": (
        columns.retire_status,
        lambda w: {"status": w.task.status, "into": w.status()},
    ),
    "tasks.actions.comments.create_comment": (comments.create_comment, lambda w: {"task": w.task, "body": "x"}),
    "tasks.actions.comments.delete_comment": (comments.delete_comment, lambda w: {"comment": w.comment()}),
    "tasks.actions.comments.update_comment": (
        comments.update_comment,
        lambda w: {"comment": w.comment(), "body": "x"},
    ),
    "accounts.actions.exports.request_export": (
        exports.request_export,
        lambda w: {"kind": "project", "subject": w.project, "format": "csv"},
    ),
    "accounts.actions.notifications.mark_all_read": (notifications.mark_all_read, lambda w: w.notification() and {}),
    "accounts.actions.notifications.mark_read": (
        notifications.mark_read,
        lambda w: {"notification": w.notification()},
    ),
    "tasks.actions.progress.archive_task": (progress.archive_task, lambda w: {"task": w.task}),
    "tasks.actions.progress.complete_task": (progress.complete_task, lambda w: {"task": w.task}),
    "tasks.actions.progress.move_task": (progress.move_task, lambda w: {"task": w.task, "status": w.status()}),
    "tasks.actions.progress.reopen_task": (progress.reopen_task, lambda w: {"task": w.completed()}),
    "tasks.actions.progress.restore_task": (progress.restore_task, lambda w: {"task": w.archived()}),
    "accounts.actions.uploads.Arrival.begin": (
        Arrival.begin,
        lambda w: w.new_attachment(),
    ),
    "tasks.actions.subtasks.create_subtask": (subtasks.create_subtask, lambda w: {"task": w.task, "title": "x"}),
    "tasks.actions.subtasks.delete_subtask": (subtasks.delete_subtask, lambda w: {"subtask": w.subtask()}),
    "tasks.actions.subtasks.move_subtask": (
        subtasks.move_subtask,
        lambda w: {"subtask": w.subtask(), "before": None, "step": w.subtask() and 1},
    ),
    "tasks.actions.subtasks.update_subtask": (
        subtasks.update_subtask,
        lambda w: {"subtask": w.subtask(), "done": True},
    ),
    "tasks.actions.tasks.create_task": (tasks.create_task, lambda w: {"project": w.project, "title": "x"}),
    "tasks.actions.tasks.delete_task": (tasks.delete_task, lambda w: {"task": w.task}),
    "tasks.actions.tasks.update_task": (tasks.update_task, lambda w: {"task": w.task, "title": "x"}),
}

VIEWERS_TOO = {
    "accounts.actions.accounts.choose_mails",
    "accounts.actions.accounts.update_profile",
    "accounts.actions.members.leave_account",
    "accounts.actions.pictures.remove_avatar",
    "accounts.actions.pictures.set_avatar",
    "accounts.actions.tokens.create_personal_token",
    "accounts.actions.tokens.revoke_personal_token",
    "accounts.actions.exports.request_export",
    "accounts.actions.notifications.mark_all_read",
    "accounts.actions.notifications.mark_read",
}
# Their arguments.
IN_A_PROJECT = {"project", "task", "status", "subtask", "comment", "attachment", "subject", "changes"}
