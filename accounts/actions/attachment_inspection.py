"""The inspection of an uploaded file: it is copied to where no client can write, and its content is checked."""

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from uuid import UUID

import structlog
from django.core.files import File
from django.db.models import Q

from accounts import extensions
from accounts.actions.attachments import kind_of, lock_attachment
from accounts.exceptions import Gone
from accounts.files.images import NotAnImage, shrink
from accounts.files.names import incoming_file, preview_file, stored_file
from accounts.files.sniffing import HEAD, IMAGES, PROGRAM, is_honest, settle, sniff
from accounts.models.attachments import OCCUPYING, AbstractAttachment, AttachmentState, Refusal, known_ids
from tenancy.places import atomic
from tenancy.storage import storage

logger = structlog.get_logger("accounts.files")

PREVIEW_PIXELS = 640  # the longer side
LARGEST_PREVIEWED = 64 * 2**20  # bytes, which are in memory while the preview is made


def inspect_attachment(*, attachment_id: UUID) -> None:
    """Make an attachment ready or reject it. An attachment that is absent or not pending does not change.

    It can be stopped at any point and called again. Do not call it in a transaction: it reads from S3, which can be
    slow. Raises StorageUnavailable, TooManyImages.
    """
    attachment = _find(attachment_id)
    if attachment is not None and attachment.state == AttachmentState.PENDING:
        _take_in(attachment)
        refusal = _examine(attachment)
        if refusal is None:
            _make_preview(attachment)
        _settle(attachment, refusal)
    # Asked again: a job that removes the objects may have run before this one had made them.
    if known_ids([attachment_id], OCCUPYING):
        storage.delete(incoming_file(attachment_id))
    else:
        _remove(attachment_id)


def _find(attachment_id: UUID) -> AbstractAttachment | None:
    for kind in extensions.attachment_kinds:
        rows = kind.model.objects.filter(pk=attachment_id).prefetch_related("uploaded_by")
        found: AbstractAttachment | None = rows.exclude(received_at=None).first()
        if found is not None:
            return found
    return None


def _take_in(attachment: AbstractAttachment) -> None:
    """Copy the object to a name that no client can write to. What a client sends after that changes nothing."""
    if not _is_complete(attachment):
        with suppress(FileNotFoundError):
            storage.copy(attachment.incoming, attachment.file)


def _is_complete(attachment: AbstractAttachment) -> bool:
    try:
        return bool(storage.size(attachment.file) == attachment.size)
    except FileNotFoundError:
        return False


def remove_files(*, ids: Sequence[UUID]) -> None:
    """Remove the objects of attachments whose rows were deleted. Raises StorageUnavailable."""
    alive = known_ids(ids)
    for pk in ids:
        if pk not in alive:
            _remove(pk)


def remove_incoming(*, ids: Sequence[UUID]) -> None:
    """Remove what clients have sent for attachments that are not pending. Raises StorageUnavailable."""
    for pk in set(ids) - known_ids(ids, Q(state=AttachmentState.PENDING)):
        storage.delete(incoming_file(pk))


def _remove(attachment_id: UUID) -> None:
    for name in (stored_file(attachment_id), incoming_file(attachment_id), preview_file(attachment_id)):
        storage.delete(name)


def _examine(attachment: AbstractAttachment) -> Refusal | None:
    """Return why the object is rejected, or None. The type of the attachment becomes that of its content."""
    if not _is_complete(attachment):
        return Refusal.SIZE
    found = sniff(_read(attachment, HEAD))
    if found == PROGRAM:
        return Refusal.PROGRAM
    if not is_honest(attachment.content_type, found):
        return Refusal.TYPE
    attachment.content_type = settle(attachment.content_type, found)
    return None


def _read(attachment: AbstractAttachment, most: int) -> bytes:
    kept, size = BytesIO(), min(attachment.size, most)  # its value is no copy of it, as a join would be
    if size:
        kept.writelines(storage.read(attachment.file, stop=size).pieces)
    return kept.getvalue()


def _make_preview(attachment: AbstractAttachment) -> None:
    if attachment.content_type not in IMAGES or attachment.size > LARGEST_PREVIEWED:
        return
    try:
        picture = shrink(_read(attachment, LARGEST_PREVIEWED), PREVIEW_PIXELS)
    except NotAnImage as error:
        logger.info("no_preview", attachment=str(attachment.pk), reason=str(error))
        return
    storage.save(attachment.preview, File(BytesIO(picture)))
    attachment.has_preview = True


@atomic
def _settle(attachment: AbstractAttachment, refusal: Refusal | None) -> None:
    """Write the result, if the attachment still exists and is still pending."""
    content_type, has_preview = attachment.content_type, attachment.has_preview
    try:
        lock_attachment(attachment)
    except Gone:
        return  # deleted with what it belongs to
    pending = type(attachment).objects.filter(pk=attachment.pk, state=AttachmentState.PENDING)
    if refusal is not None:
        pending.update(state=AttachmentState.REJECTED, refusal=refusal)
    elif pending.update(state=AttachmentState.READY, content_type=content_type, has_preview=has_preview):
        attachment.content_type, attachment.has_preview = content_type, has_preview
        kind_of(type(attachment)).record(attachment, attachment.uploaded_by, "attachment.created")
