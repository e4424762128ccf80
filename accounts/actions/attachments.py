"""Creating attachments and deleting them. A job looks at what is in them: `accounts.actions.attachment_inspection`."""

import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.locks import get_or_gone
from accounts.exceptions import Conflicting
from accounts.files.names import clean_name
from accounts.files.sniffing import UNKNOWN
from accounts.models import Membership
from accounts.models.attachments import IDS_OF_A_JOB
from accounts.permissions import may, require
from accounts.quotas import require_allowed_size, require_room_for_file
from projects.actions import record_activity
from tasks.actions.tasks import lock_task_for
from tasks.models import Attachment, AttachmentState, Comment, Task, UploadURL, remove_files_of
from accounts.models.attachments import IDS_OF_A_JOB
from tenancy.jobs import enqueue
from tenancy.storage import storage

UPLOAD_SECONDS = 15 * 60  # in which an upload to a presigned URL must have begun
URL_LIFETIME = timedelta(seconds=UPLOAD_SECONDS)
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,48}/[a-z0-9][a-z0-9!#$&^_.+-]{0,48}")


class NothingUploaded(Conflicting):
    """The file of the attachment is not in S3 yet."""


class AlreadyChecked(Conflicting):
    """It was checked before; nothing was changed."""


@dataclass(frozen=True)
class NewFile:
    """What a client says of a file: its name, its media type, and how many bytes it has."""

    name: str
    content_type: str
    size: int


@transaction.atomic
def create_attachment(*, actor: Membership, task: Task, comment: Comment | None = None, file: NewFile) -> Attachment:
    """Announce a file, for which room is kept, and return the attachment, which is pending.

    Its name is cleaned. Raises PermissionDenied, ValidationError, FileTooLarge, QuotaExceeded, Gone when the task
    was deleted meanwhile.
    """
    require(actor, "file.write")
    content_type = media_type(file.content_type)
    require_allowed_size(file.size)
    require_room_for_file(file.size, Attachment.objects.occupying(), UploadURL.objects.stray())
    task = lock_task_for(actor, "file.write", task)
    if comment is not None:
        _require_own(comment, task, actor)
    return Attachment.objects.create(
        task=task,
        comment=comment,
        name=clean_name(file.name),
        content_type=content_type,
        size=file.size,
        uploaded_by=actor,
    )


@transaction.atomic
def announce_attachment(*, actor: Membership, task: Task, comment: Comment | None = None, file: NewFile) -> Attachment:
    """Create an attachment like `create_attachment()`, for a client that puts the file into S3 with a presigned URL.

    The URL works for UPLOAD_SECONDS, also when the attachment is deleted before. So its bytes count for so long.
    """
    close_expired_urls()
    attachment = create_attachment(actor=actor, task=task, comment=comment, file=file)
    UploadURL.objects.create(pk=attachment.pk, size=attachment.size, expires_at=timezone.now() + URL_LIFETIME)
    return attachment


@transaction.atomic
def close_expired_urls() -> None:
    """Have removed what presigned URLs that work no more have taken for attachments that are not waited for."""
    ids = list(UploadURL.objects.expired().select_for_update(skip_locked=True).values_list("pk", flat=True))
    for some in batched(ids, IDS_OF_A_JOB):
        enqueue("tasks.remove_incoming", ids=[str(pk) for pk in some])
    UploadURL.objects.filter(pk__in=ids).delete()


def media_type(text: str) -> str:
    """Return a media type without its parameters. Raises ValidationError for what is none."""
    name = text.partition(";")[0].strip().lower()
    if not MEDIA_TYPE.fullmatch(name or UNKNOWN):
        raise ValidationError({"content_type": _("Must be a media type, such as `image/png`.")})
    return name or UNKNOWN


def _require_own(comment: Comment, task: Task, actor: Membership) -> None:
    if comment.task_id != task.pk:
        raise ValidationError({"comment": _("This comment belongs to another task.")})
    if comment.author_id != actor.pk:
        raise PermissionDenied(_("People attach files to their own comments only."))


def complete_attachment(*, attachment: Attachment, actor: Membership) -> None:
    """Have a file checked that its uploader has put into S3; a second time changes nothing.

    Raises PermissionDenied, NothingUploaded, AlreadyChecked, StorageUnavailable, Gone when it was deleted.
    """
    require(actor, "file.write")
    if attachment.uploaded_by_id != actor.pk:
        raise PermissionDenied(_("Only whoever began an upload completes it."))
    # Asked for before anything is locked: S3 may be slow.
    if attachment.received_at is None and not storage.exists(attachment.incoming):
        raise NothingUploaded(_("Nothing was uploaded yet. Send the file to the URL first."))
    receive_attachment(attachment=attachment, actor=actor)


@transaction.atomic
def receive_attachment(*, attachment: Attachment, actor: Membership, size: int | None = None) -> None:
    """Have a file checked that is in S3 now, all of it. `size` is what it has, where nobody knew before.

    Its last byte may come long after the first: `actor` must still be allowed to attach it. Raises PermissionDenied,
    AlreadyChecked, QuotaExceeded, Gone when it was deleted meanwhile, or is hidden from them.
    """
    if size is not None and size > attachment.size:
        others = Attachment.objects.occupying().exclude(pk=attachment.pk)
        require_room_for_file(size, others, UploadURL.objects.stray())
    found = _lock(attachment, actor)
    if found.state != AttachmentState.PENDING:
        raise AlreadyChecked(_("This file was checked already: its state is `%(state)s`.") % {"state": found.state})
    if size is not None:
        found.size = size
    if found.received_at is None:
        found.received_at = timezone.now()
        enqueue("tasks.inspect_attachment", attachment_id=str(found.pk))
    found.save(update_fields=["size", "received_at"])


@transaction.atomic
def delete_attachment(*, attachment: Attachment, actor: Membership) -> None:
    """Delete one's own attachment, or any as an admin; the object in S3 follows.

    Raises PermissionDenied, Gone when it is gone already.
    """
    attachment = _lock(attachment, actor)
    if attachment.uploaded_by_id != actor.pk and not may(actor, "file.delete_any"):
        raise PermissionDenied(_("Only whoever attached a file and admins delete it."))
    if attachment.is_ready:  # of others nobody was told
        record_file(attachment, actor, "attachment.deleted")
    _delete(Attachment.objects.filter(pk=attachment.pk))


@transaction.atomic
def abandon_attachment(*, attachment: Attachment) -> None:
    """Forget a file that did not arrive, and free its room."""
    _delete(Attachment.objects.filter(pk=attachment.pk, state=AttachmentState.PENDING))


def _delete(attachments: QuerySet[Attachment]) -> None:
    remove_files_of(attachments)
    attachments.delete()


def _lock(attachment: Attachment, actor: Membership) -> Attachment:
    task = lock_task_for(actor, "file.write", attachment.task)
    found = get_or_gone(task.attachments.all(), attachment.pk)
    found.task = task
    return found


def record_file(attachment: Attachment, actor: Membership | None, verb: str) -> None:
    """Record that something happened to an attachment, whose project is locked."""
    task = attachment.task
    data = {"task": str(task.pk), "name": attachment.name}
    record_activity(project=task.project, actor=actor, verb=verb, subject=attachment, data=data)
