"""What was begun and never ended, and objects that nothing refers to."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions.attachments import close_expired_urls
from tasks.models import Attachment, AttachmentState, remove_files_of
from tenancy.jobs import enqueue
from tenancy.storage import storage

ABANDONED = timedelta(days=1)
AT_ONCE = 200
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def sweep_files() -> int:
    """Delete attachments that did not arrive within a day, and objects as old without a row; return how many.

    Nothing that is in use is touched, whatever happens meanwhile: a row is made before its object and never again
    after it was deleted, so an object without a row has none for ever. Raises StorageUnavailable.
    """
    close_expired_urls()
    before = timezone.now() - ABANDONED
    _ask_again(before)
    number = _delete_abandoned(before)
    for names in batched(_removable(before), AT_ONCE):
        for name in names:
            storage.delete(name)
        number += len(names)
    return number + storage.abort_uploads(before=before)


@transaction.atomic
def _ask_again(before: datetime) -> None:
    """Have those checked that have waited for it: the worker was away, or S3 was and the job has given up.

    Their people were told that the files had arrived, so these are not thrown away.
    """
    for pk in _waiting().filter(received_at__lt=before).values_list("pk", flat=True):
        enqueue("tasks.inspect_attachment", attachment_id=str(pk))


def _waiting() -> QuerySet[Attachment]:
    return Attachment.objects.filter(state=AttachmentState.PENDING).exclude(received_at=None)


@transaction.atomic
def _delete_abandoned(before: datetime) -> int:
    # Locked: one that arrives now is not deleted, and one that is being looked at may be the next time.
    pending = Attachment.objects.filter(state=AttachmentState.PENDING, received_at=None, created_at__lt=before)
    ids = list(pending.select_for_update(skip_locked=True).values_list("pk", flat=True))
    old = Attachment.objects.filter(pk__in=ids)
    remove_files_of(old)
    old.delete()
    return len(ids)


def _removable(before: datetime) -> Iterator[str]:
    """Yield the names of old objects that nothing refers to. Other folders than these are others' business."""
    incoming = (stored.name for stored in storage.walk("incoming/") if stored.since < before)
    for some in batched(incoming, AT_ONCE):
        # Whoever put it there has completed it long ago, or never will.
        files = (name.removeprefix("incoming/") for name in some)
        needed = {each.incoming for each in _waiting().filter(pk__in=[pk for pk in files if ID.fullmatch(pk)])}
        yield from (name for name in some if name not in needed)
    for folder in ("previews/", ""):
        names = (each.name for each in storage.walk(folder) if each.since < before)
        files = (name for name in names if ID.fullmatch(name.removeprefix(folder)))
        for some in batched(files, AT_ONCE):
            ids = {name: UUID(name.removeprefix(folder)) for name in some}
            known = set(Attachment.objects.filter(pk__in=ids.values()).occupying().values_list("pk", flat=True))
            yield from (name for name, pk in ids.items() if pk not in known)
