"""Files at tasks and comments."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import CASCADE, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from projects.models import visible_through
from tasks.models.tasks import Comment, Task
from tenancy.fields import TenantForeignKey
from tenancy.jobs import enqueue
from tenancy.models import TenantManager, TenantModel

IDS_OF_A_JOB = 200  # which take three quarters of what the arguments of a job may


class AttachmentState(models.TextChoices):
    PENDING = "pending", _("Being checked")  # or still on its way
    READY = "ready", _("Ready")
    REJECTED = "rejected", _("Refused")


class Refusal(models.TextChoices):
    """Why an attachment was rejected."""

    SIZE = "size", _("Its size is not the one that was announced.")
    TYPE = "type", _("Its content is not of the type that it was sent as.")
    PROGRAM = "program", _("Programs are not accepted.")


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the attachments of tasks in the projects that a member may see."""
        return self.filter(visible_through(membership, "task__project"))

    def occupying(self) -> Self:
        """Return those that count for the storage of the account: a rejected one has no object."""
        return self.exclude(state=AttachmentState.REJECTED)


def remove_files_of(attachments: models.QuerySet["Attachment"]) -> None:
    """Have the objects of `attachments` removed once this transaction, which deletes the rows, is committed."""
    ids = [str(pk) for pk in attachments.values_list("pk", flat=True)]
    for first in range(0, len(ids), IDS_OF_A_JOB):
        enqueue("tasks.remove_files", ids=ids[first : first + IDS_OF_A_JOB])


def cascade_with_files(collector: Any, field: Any, sub_objs: models.QuerySet["Attachment"], using: str) -> None:
    """CASCADE, also to the objects in S3: the `on_delete` of whatever an attachment belongs to.

    Here, and not in the actions: those that delete projects do not know that there are attachments.
    """
    remove_files_of(sub_objs)
    cascade: Callable[..., None] = CASCADE
    cascade(collector, field, sub_objs, using)


class Attachment(TenantModel):
    """A file. Its row is there before its object, and its object is removed after its row."""

    task = TenantForeignKey(Task, on_delete=cascade_with_files, related_name="attachments")
    comment = TenantForeignKey(Comment, on_delete=cascade_with_files, null=True, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()  # bytes; while it is on its way, those that are kept free for it
    state = models.CharField(max_length=10, choices=AttachmentState, default=AttachmentState.PENDING, editable=False)
    refusal = models.CharField(max_length=10, choices=Refusal, blank=True, editable=False)
    has_preview = models.BooleanField(default=False, editable=False)
    uploaded_by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="attachments")
    created_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(null=True, editable=False)  # when all of it was there, to be checked

    objects: ClassVar = TenantManager.from_queryset(AttachmentQuerySet)()

    class Meta:
        ordering = ("created_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=AttachmentState.REJECTED) ^ Q(refusal=""), name="rejected_for_a_reason"
            )
        ]
        indexes = [
            models.Index(fields=["account", "created_at", "id"], name="attachment_order"),
            models.Index(fields=["account", "task", "created_at", "id"], name="attachment_of_task"),
            models.Index(fields=["account", "comment"], name="attachment_of_comment"),
            models.Index(fields=["account", "uploaded_by"], name="attachment_uploader"),
            # What an account has stored is added up from the index alone.
            models.Index(fields=["account"], include=["size", "state"], name="attachment_storage"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        return self.state == AttachmentState.READY

    # Names in the storage of the account.

    @property
    def file(self) -> str:
        """Where the object is, that nobody outside can write to."""
        return str(self.pk)

    @property
    def incoming(self) -> str:
        """Where a client puts it: as often as it likes, until the URL expires."""
        return f"incoming/{self.pk}"

    @property
    def preview(self) -> str:
        """A small picture of it, made here, if `has_preview`."""
        return f"previews/{self.pk}"


class UploadURLQuerySet(models.QuerySet["UploadURL"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return none: they are shown to nobody."""
        return self.none()

    def stray(self) -> Self:
        """Return those that still work although their attachment does not count any more: deleted, or rejected."""
        counted = Attachment.objects.occupying().filter(pk=OuterRef("pk"))
        return self.filter(~Exists(counted), expires_at__gt=timezone.now())

    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())


class UploadURL(TenantModel):
    """A presigned URL that was given to a client, with the id of its attachment, whatever has become of that.

    It takes `size` bytes until it expires. So they count for so long, and what it took is looked for then.
    """

    in_archive = False  # credentials

    size = models.PositiveBigIntegerField()
    expires_at = models.DateTimeField()

    objects: ClassVar = TenantManager.from_queryset(UploadURLQuerySet)()

    class Meta:
        indexes = [models.Index(fields=["account", "expires_at"], include=["size"], name="upload_url_expiry")]

    def __str__(self) -> str:
        return f"for {self.pk}"


def occupied_bytes() -> int:
    """Return what counts for the storage of the account."""
    counted = (Attachment.objects.occupying(), UploadURL.objects.stray())
    return sum(each.aggregate(bytes=models.Sum("size"))["bytes"] or 0 for each in counted)
