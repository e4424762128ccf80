"""Projects and accounts as files: asking for one, writing it, and clearing away."""

from collections.abc import Iterator
from datetime import timedelta
from os import SEEK_END
from tempfile import TemporaryFile
from typing import IO, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.audit import record_audit
from accounts.exceptions import Conflicting, Gone
from accounts.models import Membership
from accounts.permissions import may, require
from projects.models import Project
from tasks import exports
from tasks.models import Export, ExportFailure, ExportFormat, ExportState, Task
from tenancy.context import own_time_zone
from tenancy.jobs import enqueue

MOST_UNFINISHED = 3  # of one member
ABANDONED = timedelta(days=1)


class TooManyExports(Conflicting):
    """The member waits for as many exports as one may wait for; no other was begun."""


@transaction.atomic
def request_export(*, actor: Membership, format: str, project: Project | None = None) -> Export:  # noqa: A002
    """Have a project, or without one the whole account, written to a file; return the export, which is waiting.

    Raises PermissionDenied, ValidationError, TooManyExports, Gone for a project that was deleted or hidden
    meanwhile.
    """
    permission = "account.export" if format == ExportFormat.ZIP else "project.export"
    require(actor, permission)
    if (project is None) != (format == ExportFormat.ZIP):
        text = _("The account is exported as `zip` and without a project; a project in one of the other formats.")
        raise ValidationError({"format": text})
    authorize(actor, permission, changes_member=True)  # locked, or two requests at once count the same
    if project is not None and not Project.objects.visible_to(actor).filter(pk=project.pk).exists():
        raise Gone
    if Export.objects.filter(requested_by=actor).unfinished().count() >= MOST_UNFINISHED:
        message = _("You have %(most)d exports that are not finished. Wait for one of them.")
        raise TooManyExports(message % {"most": MOST_UNFINISHED})
    export = Export.objects.create(project=project, requested_by=actor, format=format)
    if project is None:
        record_audit(action="account.exported", actor=actor, subject=export)
    enqueue("tasks.export_project", export_id=str(export.pk))
    return export


def write_export(*, export_id: UUID) -> None:
    """Write the file of an export, and show how far it is; one that is finished or gone is left alone.

    It may be killed and called again: it then begins anew, under the same name. Not to be called in a transaction, in
    which nobody would see the progress. Raises StorageUnavailable.
    """
    export = _begin(export_id)
    if export is None:
        return
    running = Export.objects.filter(pk=export_id, state=ExportState.RUNNING)
    with TemporaryFile() as file, own_time_zone(export.requested_by.user.time_zone):
        try:
            for done in _pages(export, file):
                if not running.update(done=done):
                    return  # it was deleted, or given up for lost
        except exports.TooLarge:
            fail_export(export_id=export_id, failure=ExportFailure.TOO_LARGE)
            return
        if not _is_still_allowed(export_id):
            fail_export(export_id=export_id, failure=ExportFailure.FORBIDDEN)
            return
        size = file.seek(0, SEEK_END)
        default_storage.save(export.file, File(file))
    now = timezone.now()
    running.update(state=ExportState.READY, size=size, finished_at=now, expires_at=now + Export.LIFETIME)


def fail_export(*, export_id: UUID, failure: ExportFailure) -> None:
    """Give an export up, if it is not finished, and say why."""
    _give_up(Q(pk=export_id), failure)


def remove_old_exports() -> int:
    """Delete exports that have expired and those of deleted projects, with their files, and return how many.

    Those that nobody writes any more fail, so that they do not stand in the way of others. Raises StorageUnavailable.
    """
    now = timezone.now()
    _give_up(Q(created_at__lt=now - ABANDONED), ExportFailure.ABANDONED)
    finished = Export.objects.exclude(state__in=(ExportState.WAITING, ExportState.RUNNING))
    of_nothing = Q(project=None) & ~Q(format=ExportFormat.ZIP)
    old = list(finished.filter(Q(expires_at__lt=now) | of_nothing))
    for export in old:
        # The file first: without the row nobody would know of it.
        default_storage.delete(export.file)
        export.delete()
    return len(old)


def _begin(export_id: UUID) -> Export | None:
    """Return an export that is to be written, with its project as it is now; None if there is nothing to do."""
    export = _find(export_id)
    if export is None:
        return None
    if not _is_allowed(export):
        fail_export(export_id=export_id, failure=ExportFailure.FORBIDDEN)
        return None
    total = archive.count() if export.is_of_account else _tasks_of(export).count()
    began = Export.objects.unfinished().filter(pk=export_id)
    return export if began.update(state=ExportState.RUNNING, done=0, total=total) else None


def _find(export_id: UUID) -> Export | None:
    found: Export | None = (
        Export.objects.unfinished().select_related("project", "requested_by").filter(pk=export_id).first()
    )
    return found


def _is_still_allowed(export_id: UUID) -> bool:
    """Say whether the member may have what was written: that takes its time."""
    export = _find(export_id)
    return export is not None and _is_allowed(export)


def _is_allowed(export: Export) -> bool:
    if export.is_of_account:
        asked = export.requested_by
        return asked.ended_at is None and may(asked, "account.export")
    return export.project is not None and bool(export.project.seen_by([export.requested_by]))


def _tasks_of(export: Export) -> QuerySet[Task]:
    project = cast(Project, export.project)
    return Task.objects.filter(project=project, number__lte=project.last_task_number)


def _pages(export: Export, file: IO[bytes]) -> Iterator[int]:
    """Write the file, and yield after each page how much is written. Raises TooLarge."""
    if export.project is None:
        return archive.write_account(file)
    return exports.write_project(export.project, export.format, file, exports.MOST_BYTES)


def _give_up(which: Q, failure: ExportFailure) -> None:
    now = timezone.now()
    lost = Export.objects.unfinished().filter(which)
    lost.update(state=ExportState.FAILED, failure=failure, finished_at=now, expires_at=now + Export.LIFETIME)
