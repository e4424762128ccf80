"""Creating and deleting attachments. A job inspects their content: `accounts.actions.attachment_inspection`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import extensions
from accounts.actions.authorization import authorize
from accounts.actions.locks import get_or_gone
from accounts.exceptions import Conflicting, Gone
from accounts.extensions import AttachmentKind
from accounts.files.names import clean_name
from accounts.files.sniffing import UNKNOWN
from accounts.models import Membership
from accounts.models.attachments import (
    IDS_OF_A_JOB,
    AbstractAttachment,
    AttachmentState,
    UploadURL,
    remove_files_of,
    stored_rows,
)
from accounts.permissions import may, require
from accounts.quotas import require_allowed_size, require_room_for_file
from tenancy.jobs import enqueue
from tenancy.places import atomic
from tenancy.storage import storage

UPLOAD_SECONDS = 15 * 60  # in which an upload to a presigned URL must begin
URL_LIFETIME = timedelta(seconds=UPLOAD_SECONDS)
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,48}/[a-z0-9][a-z0-9!#$&^_.+-]{0,48}")


class NothingUploaded(Conflicting):
    """The file of the attachment is not in S3 yet."""


class AlreadyChecked(Conflicting):
    """It was checked before; nothing was changed."""


@dataclass(frozen=True)
class NewFile:
    """The metadata of a file as the client states it: name, media type, and size in bytes."""

    name: str
    content_type: str
    size: int


def kind_of[A: AbstractAttachment](model: type[A]) -> AttachmentKind[A]:
    """Return what an app has declared about `model`. Raises KeyError for a model that no app has registered."""
    return extensions.attachment_kinds[model._meta.label_lower]


@atomic
def create_attachment[A: AbstractAttachment](
    *, actor: Membership, model: type[A], subject: Mapping[str, Any], file: NewFile
) -> A:
    """Announce a file and return its attachment, which is pending. Room for the file is reserved.

    `subject` has the keys of `model` to what the file belongs to. The name is cleaned. Raises PermissionDenied,
    ValidationError, FileTooLarge, QuotaExceeded, Gone when the subject was deleted or is hidden from `actor`.
    """
    require(actor, "file.write")
    content_type = media_type(file.content_type)
    require_allowed_size(file.size)
    require_room_for_file(file.size, *stored_rows())
    attachment = model(
        **subject, name=clean_name(file.name), content_type=content_type, size=file.size, uploaded_by=actor
    )
    _lock_subject(attachment, actor)
    attachment.save(force_insert=True)
    get_or_gone(_visible(model, actor), attachment.pk)  # by the rights that the actor has now
    kind_of(model).check(attachment)
    return attachment


@atomic
def announce_attachment[A: AbstractAttachment](
    *, actor: Membership, model: type[A], subject: Mapping[str, Any], file: NewFile
) -> A:
    """Create an attachment like `create_attachment()`, for a client that puts the file into S3 with a presigned URL.

    The URL works for UPLOAD_SECONDS, also when the attachment is deleted before, so its bytes count until then.
    """
    close_expired_urls()
    attachment = create_attachment(actor=actor, model=model, subject=subject, file=file)
    UploadURL.objects.create(pk=attachment.pk, size=attachment.size, expires_at=timezone.now() + URL_LIFETIME)
    return attachment


@atomic
def close_expired_urls() -> None:
    """Remove, in jobs, what clients sent to presigned URLs that have expired, unless its attachment is pending."""
    ids = list(UploadURL.objects.expired().select_for_update(skip_locked=True).values_list("pk", flat=True))
    for some in batched(ids, IDS_OF_A_JOB):
        enqueue("accounts.remove_incoming", ids=[str(pk) for pk in some])
    UploadURL.objects.filter(pk__in=ids).delete()


def media_type(text: str) -> str:
    """Return a media type without its parameters. Raises ValidationError for a text that is none."""
    name = text.partition(";")[0].strip().lower()
    if not MEDIA_TYPE.fullmatch(name or UNKNOWN):
        raise ValidationError({"content_type": _("Must be a media type, such as `image/png`.")})
    return name or UNKNOWN


def complete_attachment(*, attachment: AbstractAttachment, actor: Membership) -> None:
    """Have a file checked that its uploader has put into S3; a second call changes nothing.

    Raises PermissionDenied, NothingUploaded, AlreadyChecked, StorageUnavailable, Gone when it was deleted.
    """
    require(actor, "file.write")
    if attachment.uploaded_by_id != actor.pk:
        raise PermissionDenied(_("Only the uploader can complete an upload."))
    # Asked before anything is locked: S3 may be slow.
    if attachment.received_at is None and not storage.exists(attachment.incoming):
        raise NothingUploaded(_("The file has not been uploaded yet. Send it to the URL first."))
    receive_attachment(attachment=attachment, actor=actor)


@atomic
def receive_attachment(*, attachment: AbstractAttachment, actor: Membership, size: int | None = None) -> None:
    """Have a file checked that is completely in S3. `size` is its size if that was not known before.

    Its last byte may come long after the first, so `actor` is authorized again. Raises PermissionDenied,
    AlreadyChecked, QuotaExceeded, Gone when the attachment was deleted meanwhile or is hidden from `actor`.
    """
    if size is not None and size > attachment.size:
        require_room_for_file(size, *stored_rows(without=attachment))
    _lock(attachment, actor)
    if attachment.state != AttachmentState.PENDING:
        message = _("This file has already been checked: its state is `%(state)s`.")
        raise AlreadyChecked(message % {"state": attachment.state})
    if size is not None:
        attachment.size = size
    if attachment.received_at is None:
        attachment.received_at = timezone.now()
        enqueue("accounts.inspect_attachment", attachment_id=str(attachment.pk))
    attachment.save(update_fields=["size", "received_at"])


@atomic
def delete_attachment(*, attachment: AbstractAttachment, actor: Membership) -> None:
    """Delete an attachment of the actor, or any attachment if the actor may. A job removes its object in S3.

    Raises PermissionDenied, Gone when it was deleted before.
    """
    _lock(attachment, actor)
    if attachment.uploaded_by_id != actor.pk and not may(actor, "file.delete_any"):
        raise PermissionDenied(_("Only the uploader and admins can delete a file."))
    if attachment.is_ready:  # its creation was recorded only then
        kind_of(type(attachment)).record(attachment, actor, "attachment.deleted")
    _delete(type(attachment).objects.filter(pk=attachment.pk))


@atomic
def abandon_attachment(*, attachment: AbstractAttachment) -> None:
    """Delete an attachment whose file did not arrive, and free its room."""
    _delete(type(attachment).objects.filter(pk=attachment.pk, state=AttachmentState.PENDING))


def lock_attachment(attachment: AbstractAttachment) -> None:
    """Lock the subject of an attachment and reload `attachment`. Raises Gone.

    Actions of members lock it with an authorization: `_lock()`.
    """
    _lock_subject(attachment)
    _refresh(attachment, type(attachment).objects.all())


def _delete(attachments: QuerySet[Any]) -> None:
    remove_files_of(attachments)
    attachments.delete()


def _lock(attachment: AbstractAttachment, actor: Membership) -> None:
    """Do what `lock_attachment()` does for a member. Raises PermissionDenied, Gone also when it is hidden."""
    require(actor, "file.write")
    _lock_subject(attachment, actor)
    _refresh(attachment, _visible(type(attachment), actor))


def _lock_subject(attachment: AbstractAttachment, actor: Membership | None = None) -> None:
    try:
        kind_of(type(attachment)).lock(attachment)
    except ObjectDoesNotExist as error:  # deleted before it was locked
        raise Gone from error
    if actor is not None:
        authorize(actor, "file.write")  # after the other locks


def _refresh(attachment: AbstractAttachment, rows: QuerySet[Any]) -> None:
    own = [field.attname for field in attachment._meta.concrete_fields if not field.is_relation]
    try:
        attachment.refresh_from_db(fields=own, from_queryset=rows)
    except ObjectDoesNotExist as error:
        raise Gone from error


def _visible[A: AbstractAttachment](model: type[A], actor: Membership) -> QuerySet[A]:
    visible: QuerySet[A] = model.objects.visible_to(actor)
    return visible
