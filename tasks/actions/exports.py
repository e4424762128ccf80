"""Projects as files: asking for one, writing it, and clearing away."""

from datetime import timedelta
from tempfile import TemporaryFile
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.conflicts import Conflicting
from accounts.models import Membership
from accounts.permissions import require
from projects.models import Project
from tasks import exporting
from tasks.models import Export, ExportState, Task
from tenancy.outbox import enqueue

MOST_UNFINISHED = 3  # of one member
ABANDONED = timedelta(days=1)


class TooManyExports(Conflicting):
    """The member waits for as many exports as one may wait for; no other was begun."""


@transaction.atomic
def request_export(*, actor: Membership, project: Project, format: str) -> Export:  # noqa: A002  # the field's name
    """Have a project written to a file, and return the export, which is waiting.

    Raises PermissionDenied, TooManyExports.
    """
    require(actor, "project.export")
    Membership.objects.select_for_update(no_key=True).get(pk=actor.pk)  # or two requests at once count the same
    if Export.objects.filter(requested_by=actor).unfinished().count() >= MOST_UNFINISHED:
        message = _("You have %(most)d exports that are not finished. Wait for one of them.")
        raise TooManyExports(message % {"most": MOST_UNFINISHED})
    export = Export.objects.create(project=project, requested_by=actor, format=format)
    enqueue("tasks.export_project", export_id=str(export.pk))
    return export


def write_export(*, export_id: UUID) -> None:
    """Write the file of an export, and show how far it is; one that is finished or gone is left alone.

    It may be killed and called again: it then begins anew, under the same name. Not to be called in a transaction, in
    which nobody would see the progress. Raises StorageUnavailable.
    """
    export = _begin(export_id)
    if export is None or export.project is None:
        return
    running = Export.objects.filter(pk=export_id, state=ExportState.RUNNING)
    with TemporaryFile() as file:
        try:
            for done in exporting.write_project(export.project, export.format, file):
                if not running.update(done=done):
                    return  # it was deleted, or given up for lost
        except exporting.TooLarge:
            fail_export(export_id=export_id)
            return
        size = file.tell()
        default_storage.save(export.file, File(file))
    now = timezone.now()
    running.update(state=ExportState.READY, size=size, finished_at=now, expires_at=now + Export.LIFETIME)


def fail_export(*, export_id: UUID) -> None:
    """Give an export up, if it is not finished."""
    _give_up(Q(pk=export_id))


def remove_old_exports() -> int:
    """Delete exports that have expired and those of deleted projects, with their files, and return how many.

    Those that nobody writes any more fail, so that they do not stand in the way of others. Raises StorageUnavailable.
    """
    now = timezone.now()
    _give_up(Q(created_at__lt=now - ABANDONED))
    finished = Export.objects.exclude(state__in=(ExportState.WAITING, ExportState.RUNNING))
    old = list(finished.filter(Q(expires_at__lt=now) | Q(project=None)))
    for export in old:
        # The file first: without the row nobody would know of it.
        default_storage.delete(export.file)
        export.delete()
    return len(old)


def _begin(export_id: UUID) -> Export | None:
    """Return an export that is to be written, with its project as it is now; None if there is nothing to do."""
    export = Export.objects.unfinished().select_related("project", "requested_by").filter(pk=export_id).first()
    if export is None:
        return None
    if export.project is None or not export.project.seen_by([export.requested_by]):
        fail_export(export_id=export_id)  # whoever asked has no right to it any more
        return None
    total = Task.objects.filter(project=export.project, number__lte=export.project.last_task_number).count()
    began = Export.objects.unfinished().filter(pk=export_id)
    return export if began.update(state=ExportState.RUNNING, done=0, total=total) else None


def _give_up(which: Q) -> None:
    now = timezone.now()
    lost = Export.objects.unfinished().filter(which)
    lost.update(state=ExportState.FAILED, finished_at=now, expires_at=now + Export.LIFETIME)
