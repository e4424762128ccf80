"""Exports: requesting one, writing it, and deleting old ones."""

from datetime import timedelta
from os import SEEK_END
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.authorization import authorize
from accounts.audit import draft_audit, record_drafts
from accounts.exceptions import Conflicting, Gone
from accounts.exports.archive import ACCOUNT
from accounts.exports.writing import TooLarge
from accounts.extensions import ExportKind, export_kinds
from accounts.models import Export, ExportFailure, ExportState, Membership
from accounts.models.exports import kinds_for
from accounts.models.subjects import with_subjects
from accounts.permissions import require
from tenancy.context import own_time_zone
from tenancy.jobs import enqueue
from tenancy.places import atomic

MOST_UNFINISHED = 3  # of one member
ABANDONED = timedelta(days=1)


class TooManyExports(Conflicting):
    """The member has the maximum number of unfinished exports; no other was created."""


@atomic
def request_export(*, actor: Membership, format: str, kind: str = ACCOUNT, subject: Any = None) -> Export:  # noqa: A002
    """Request a file of a subject of `kind`, or without one of the whole account; return the export, which is waiting.

    Raises PermissionDenied, ValidationError, TooManyExports, Gone for a subject that was deleted or hidden meanwhile.
    """
    what = export_kinds[kind]
    _require_format(what, format)
    require(actor, what.permission)
    authorize(actor, what.permission, changes_member=True)  # locked, so that concurrent requests count each other
    subjects = what.subjects(actor)
    if subjects is not None and not subjects.filter(pk=subject.pk).exists():
        raise Gone
    if Export.objects.filter(requested_by=actor).unfinished().count() >= MOST_UNFINISHED:
        message = _("You have %(most)d unfinished exports. Wait until one of them is finished.")
        raise TooManyExports(message % {"most": MOST_UNFINISHED})
    export = Export.objects.create(kind=kind, subject_id=subject and subject.pk, requested_by=actor, format=format)
    if subjects is None:
        draft_audit(action="account.exported", actor=actor, subject=export)
    enqueue("accounts.write_export", export_id=str(export.pk))
    return export


def _require_format(kind: ExportKind[Any], format_: str) -> None:
    formats = [name for name, _label in kind.formats]
    if format_ not in formats:
        names = {"kind": kind.name, "formats": ", ".join(f"`{name}`" for name in formats)}
        raise ValidationError({"format": _("Formats for an export of `%(kind)s`: %(formats)s.") % names})


def write_export(*, export_id: UUID) -> None:
    """Write the file of an export, and store how far it is; one that is finished or deleted is left alone.

    After a process was killed it is called again and writes the file again under the same name. Not to be called in a
    transaction, which would hide the progress. Raises StorageUnavailable.
    """
    record_drafts()  # the archive of the account has the audit log
    export = _begin(export_id)
    if export is None:
        return
    kind, running = export_kinds[export.kind], Export.objects.filter(pk=export_id, state=ExportState.RUNNING)
    with TemporaryFile() as file, own_time_zone(export.requested_by.user.time_zone):
        try:
            for done in kind.write(export.subject, export.format, file):
                if not running.update(done=done):
                    return  # it was deleted, or it failed
        except TooLarge:
            fail_export(export_id=export_id, failure=ExportFailure.TOO_LARGE)
            return
        if _find_allowed(export_id) is None:  # writing takes its time
            fail_export(export_id=export_id, failure=ExportFailure.FORBIDDEN)
            return
        size = file.seek(0, SEEK_END)
        default_storage.save(export.file, File(file))
    now = timezone.now()
    running.update(state=ExportState.READY, size=size, finished_at=now, expires_at=now + Export.LIFETIME)


def fail_export(*, export_id: UUID, failure: ExportFailure) -> None:
    """Mark an export as failed for a reason, if it is not finished."""
    _fail(Q(pk=export_id), failure)


def remove_old_exports() -> int:
    """Delete exports that have expired and those of deleted subjects, with their files, and return how many.

    Exports that were not written within a day fail, so that they do not count as unfinished. Raises
    StorageUnavailable.
    """
    now = timezone.now()
    _fail(Q(created_at__lt=now - ABANDONED), ExportFailure.ABANDONED)
    finished = Export.objects.exclude(state__in=(ExportState.WAITING, ExportState.RUNNING))
    old = list(finished.filter(expires_at__lt=now) | finished.without_subject())
    for export in old:
        # The file first: without the row its name would be unknown.
        default_storage.delete(export.file)
        export.delete()
    return len(old)


def _begin(export_id: UUID) -> Export | None:
    """Return an export that is to be written, with its reloaded subject; None if there is nothing to do."""
    export = _find_allowed(export_id)
    if export is None:
        fail_export(export_id=export_id, failure=ExportFailure.FORBIDDEN)
        return None
    total = export_kinds[export.kind].count(export.subject)
    began = Export.objects.unfinished().filter(pk=export_id)
    return export if began.update(state=ExportState.RUNNING, done=0, total=total) else None


def _find_allowed(export_id: UUID) -> Export | None:
    """Return an unfinished export with its subject, None if it is gone or its member may not have it any more."""
    export = Export.objects.unfinished().prefetch_related("requested_by").filter(pk=export_id).first()
    if export is None or export.requested_by.ended_at is not None:
        return None
    member = export.requested_by
    return next(iter(with_subjects([export], member, kinds_for(member))), None)


def _fail(which: Q, failure: ExportFailure) -> None:
    now = timezone.now()
    unfinished = Export.objects.unfinished().filter(which)
    unfinished.update(state=ExportState.FAILED, failure=failure, finished_at=now, expires_at=now + Export.LIFETIME)
