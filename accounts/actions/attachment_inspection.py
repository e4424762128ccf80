"""What happens to a file when it has arrived: it is put where nobody else can write, and looked at."""

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from uuid import UUID

import structlog
from django.core.files import File
from django.db import transaction
from accounts.exceptions import Gone

from accounts.actions.attachments import record_file
from accounts.files.images import NotAnImage, shrink
from accounts.files.sniffing import HEAD, IMAGES, PROGRAM, is_honest, settle, sniff
from tasks.actions.tasks import lock_task
from tasks.models import Attachment, AttachmentState, Refusal
from tenancy.storage import storage

logger = structlog.get_logger("tasks.files")

PREVIEW_PIXELS = 640  # the longer side
LARGEST_PREVIEWED = 64 * 2**20  # bytes, which are in memory while the preview is made


def inspect_attachment(*, attachment_id: UUID) -> None:
    """Make an attachment ready or reject it; one that is neither pending nor there is left alone.

    It may be killed and called again. Not to be called in a transaction: it reads from S3, which takes its time.
    Raises StorageUnavailable, TooManyImages.
    """
    found = Attachment.objects.filter(pk=attachment_id).select_related("task", "uploaded_by")
    attachment = found.exclude(received_at=None).first()
    if attachment is not None and attachment.state == AttachmentState.PENDING:
        _take_in(attachment)
        refusal = _examine(attachment)
        if refusal is None:
            _make_preview(attachment)
        _settle(attachment, refusal)
    # Asked for again: a job that removes the objects may have run before this one had made them.
    if found.occupying().exists():
        storage.delete(Attachment(pk=attachment_id).incoming)
    else:
        _remove(attachment_id)


def _take_in(attachment: Attachment) -> None:
    """Have the object under the name that nobody outside can write to: what a client still sends changes nothing."""
    if not _is_complete(attachment):
        with suppress(FileNotFoundError):
            storage.copy(attachment.incoming, attachment.file)


def _is_complete(attachment: Attachment) -> bool:
    try:
        return bool(storage.size(attachment.file) == attachment.size)
    except FileNotFoundError:
        return False


def remove_files(*, ids: Sequence[UUID]) -> None:
    """Remove the objects of attachments whose rows are gone. Raises StorageUnavailable."""
    alive = set(Attachment.objects.filter(pk__in=ids).values_list("pk", flat=True))
    for pk in ids:
        if pk not in alive:
            _remove(pk)


def remove_incoming(*, ids: Sequence[UUID]) -> None:
    """Remove what clients have sent for attachments that are not waited for. Raises StorageUnavailable."""
    waiting = Attachment.objects.filter(pk__in=ids, state=AttachmentState.PENDING)
    for pk in set(ids) - set(waiting.values_list("pk", flat=True)):
        storage.delete(Attachment(pk=pk).incoming)


def _remove(attachment_id: UUID) -> None:
    gone = Attachment(pk=attachment_id)
    for name in (gone.file, gone.incoming, gone.preview):
        storage.delete(name)


def _examine(attachment: Attachment) -> Refusal | None:
    """Return why the object is not to be kept, None if it is; its type becomes what it looks like."""
    if not _is_complete(attachment):
        return Refusal.SIZE
    found = sniff(_read(attachment, HEAD))
    if found == PROGRAM:
        return Refusal.PROGRAM
    if not is_honest(attachment.content_type, found):
        return Refusal.TYPE
    attachment.content_type = settle(attachment.content_type, found)
    return None


def _read(attachment: Attachment, most: int) -> bytes:
    kept, size = BytesIO(), min(attachment.size, most)  # its value is no copy of it, as a join would be
    if size:
        kept.writelines(storage.read(attachment.file, stop=size).pieces)
    return kept.getvalue()


def _make_preview(attachment: Attachment) -> None:
    if attachment.content_type not in IMAGES or attachment.size > LARGEST_PREVIEWED:
        return
    try:
        picture = shrink(_read(attachment, LARGEST_PREVIEWED), PREVIEW_PIXELS)
    except NotAnImage as error:
        logger.info("no_preview", attachment=str(attachment.pk), reason=str(error))
        return
    storage.save(attachment.preview, File(BytesIO(picture)))
    attachment.has_preview = True


@transaction.atomic
def _settle(attachment: Attachment, refusal: Refusal | None) -> None:
    """Write down what came out, if the attachment is still there and nobody did so meanwhile."""
    pending = Attachment.objects.filter(pk=attachment.pk, state=AttachmentState.PENDING)
    try:
        attachment.task = lock_task(attachment.task)
    except Gone:
        return  # it went with its task
    if refusal is not None:
        pending.update(state=AttachmentState.REJECTED, refusal=refusal)
        return
    changes = {"content_type": attachment.content_type, "has_preview": attachment.has_preview}
    if pending.update(state=AttachmentState.READY, **changes):
        record_file(attachment, attachment.uploaded_by, "attachment.created")
