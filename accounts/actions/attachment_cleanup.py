"""Deletes attachments whose upload never ended, and objects that no row refers to."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts import extensions
from accounts.actions.attachments import close_expired_urls
from accounts.models.attachments import OCCUPYING, AbstractAttachment, AttachmentState, known_ids, remove_files_of
from tenancy.jobs import enqueue
from tenancy.places import atomic
from tenancy.storage import storage

ABANDONED = timedelta(days=1)
AT_ONCE = 200
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WAITING = Q(state=AttachmentState.PENDING, received_at__isnull=False)  # to be checked


def sweep_files() -> int:
    """Delete attachments that did not arrive within a day, and objects as old without a row; return how many.

    Concurrent requests lose nothing. A row of any model of attachments is created before its object, and its id is
    never used again, so an object without a row never gets one. Raises StorageUnavailable.
    """
    close_expired_urls()
    before = timezone.now() - ABANDONED
    number = 0
    for kind in extensions.attachment_kinds:
        _ask_again(kind.model, before)
        number += _delete_abandoned(kind.model, before)
    for names in batched(_removable(before), AT_ONCE):
        for name in names:
            storage.delete(name)
        number += len(names)
    return number + storage.abort_uploads(before=before)


@atomic
def _ask_again(model: type[AbstractAttachment], before: datetime) -> None:
    """Request the check again for attachments that have waited for it: worker or S3 was down, and the job gave up.

    Their uploaders received a success response, so these files are not deleted.
    """
    for pk in model.objects.filter(WAITING, received_at__lt=before).values_list("pk", flat=True):
        enqueue("accounts.inspect_attachment", attachment_id=str(pk))


@atomic
def _delete_abandoned(model: type[AbstractAttachment], before: datetime) -> int:
    # Locked: one that arrives now is not deleted, and one that is being checked is left to the next sweep.
    pending = model.objects.filter(state=AttachmentState.PENDING, received_at=None, created_at__lt=before)
    ids = list(pending.select_for_update(skip_locked=True).values_list("pk", flat=True))
    old = model.objects.filter(pk__in=ids)
    remove_files_of(old)
    old.delete()
    return len(ids)


def _removable(before: datetime) -> Iterator[str]:
    """Yield the names of old objects that no row refers to. Other folders than these belong to other code."""
    incoming = (stored.name for stored in storage.walk("incoming/") if stored.since < before)
    for some in batched(incoming, AT_ONCE):
        # Its uploader has completed it long ago, or never will.
        ids = _ids_of(some, "incoming/")
        needed = known_ids(ids.values(), WAITING)
        yield from (name for name in some if ids.get(name) not in needed)
    for folder in ("previews/", ""):
        names = (each.name for each in storage.walk(folder) if each.since < before)
        files = (name for name in names if ID.fullmatch(name.removeprefix(folder)))
        for some in batched(files, AT_ONCE):
            ids = _ids_of(some, folder)
            known = known_ids(ids.values(), OCCUPYING)
            yield from (name for name, pk in ids.items() if pk not in known)


def _ids_of(names: tuple[str, ...], folder: str) -> dict[str, UUID]:
    files = ((name, name.removeprefix(folder)) for name in names)
    return {name: UUID(file) for name, file in files if ID.fullmatch(file)}
