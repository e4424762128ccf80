"""Files that members upload. An app adds a model of them for what they belong to: see AttachmentKind."""

from collections.abc import Callable, Collection
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import CASCADE, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import extensions
from accounts.files.names import incoming_file, preview_file, stored_file
from accounts.models.memberships import Membership
from tenancy.fields import TenantForeignKey
from tenancy.jobs import enqueue
from tenancy.models import TenantManager, TenantModel

IDS_OF_A_JOB = 200  # three quarters of the size that the arguments of a job may have


class AttachmentState(models.TextChoices):
    PENDING = "pending", _("Being checked")  # or being uploaded
    READY = "ready", _("Ready")
    REJECTED = "rejected", _("Refused")


class Refusal(models.TextChoices):
    """Why an attachment was rejected."""

    SIZE = "size", _("The size of the file is not the announced size.")
    TYPE = "type", _("The content of the file is not of the announced type.")
    PROGRAM = "program", _("Programs are not accepted.")


OCCUPYING = ~Q(state=AttachmentState.REJECTED)  # a rejected one has no object


class AttachmentQuerySet[A: "AbstractAttachment"](models.QuerySet[A]):
    """Attachments of one model. Subclasses add `visible_to(membership)`, which every request and action asks."""

    def occupying(self) -> Self:
        """Return the attachments that count for the storage of the account."""
        return self.filter(OCCUPYING)


def remove_files_of(attachments: models.QuerySet[Any]) -> None:
    """Remove the objects of `attachments` in a job after the commit of this transaction, which deletes the rows."""
    ids = [str(pk) for pk in attachments.values_list("pk", flat=True)]
    for first in range(0, len(ids), IDS_OF_A_JOB):
        enqueue("accounts.remove_files", ids=ids[first : first + IDS_OF_A_JOB])


def cascade_with_files(collector: Any, field: Any, sub_objs: models.QuerySet[Any], using: str) -> None:
    """CASCADE that also removes the objects in S3: the `on_delete` of the keys to what an attachment belongs to.

    It is not part of the actions, because the actions that delete the objects on the other side of a key do not know
    which models of attachments there are.
    """
    remove_files_of(sub_objs)
    cascade: Callable[..., None] = CASCADE
    cascade(collector, field, sub_objs, using)


class AbstractAttachment(TenantModel):
    """A file. Its row is created before its object in S3, and its object is removed after its row.

    A concrete model adds keys with `on_delete=cascade_with_files` to what the file belongs to, a manager from a
    subclass of AttachmentQuerySet, and indexes: for its keys, for its lists, and one on the account that includes
    `size` and `state`, from which the storage of the account is added up. An AttachmentKind declares the model.
    """

    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()  # bytes; during the upload, the bytes that are reserved for it
    state = models.CharField(max_length=10, choices=AttachmentState, default=AttachmentState.PENDING, editable=False)
    refusal = models.CharField(max_length=10, choices=Refusal, blank=True, editable=False)
    has_preview = models.BooleanField(default=False, editable=False)
    uploaded_by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="%(app_label)s_%(class)s_set")
    created_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(null=True, editable=False)  # when the upload was complete

    objects: ClassVar[Any] = TenantManager.from_queryset(AttachmentQuerySet)()

    class Meta:
        abstract = True
        ordering = ("created_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=AttachmentState.REJECTED) ^ Q(refusal=""),
                name="%(app_label)s_%(class)s_rejected_for_a_reason",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        return self.state == AttachmentState.READY

    # Names in the storage of the account.

    @property
    def file(self) -> str:
        """Where the object is. No client can write to it."""
        return stored_file(self.pk)

    @property
    def incoming(self) -> str:
        """Where a client uploads the object to, any number of times until the URL expires."""
        return incoming_file(self.pk)

    @property
    def preview(self) -> str:
        """A small picture of the file, made by the server, if `has_preview`."""
        return preview_file(self.pk)


class UploadURLQuerySet(models.QuerySet["UploadURL"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return none: no member sees them."""
        return self.none()

    def stray(self) -> Self:
        """Return the URLs that still work although their attachment no longer counts: it was deleted or rejected."""
        found = self.filter(expires_at__gt=timezone.now())
        for kind in extensions.attachment_kinds:
            found = found.exclude(Exists(kind.model.objects.occupying().filter(pk=OuterRef("pk"))))
        return found

    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())


class UploadURL(TenantModel):
    """A presigned URL that was given to a client. Its id is that of its attachment, which may have been deleted since.

    A client can send `size` bytes to it until it expires. They count until then, and are removed then.
    """

    in_archive = False  # credentials

    size = models.PositiveBigIntegerField()
    expires_at = models.DateTimeField()

    objects: ClassVar = TenantManager.from_queryset(UploadURLQuerySet)()

    class Meta:
        indexes = [models.Index(fields=["account", "expires_at"], include=["size"], name="upload_url_expiry")]

    def __str__(self) -> str:
        return f"for {self.pk}"


def known_ids(ids: Collection[UUID], condition: Q | None = None) -> set[UUID]:
    """Return those of `ids` that are the ids of attachments of any model, and of those that meet `condition`."""
    known: set[UUID] = set()
    for kind in extensions.attachment_kinds:
        rows = kind.model.objects.filter(condition or Q(), pk__in=ids)
        known.update(rows.values_list("pk", flat=True))
    return known


def stored_rows(*, without: AbstractAttachment | None = None) -> list[models.QuerySet[Any]]:
    """Return everything with a `size` that counts for the storage of the account, except the attachment `without`."""
    rows: list[models.QuerySet[Any]] = [kind.model.objects.occupying() for kind in extensions.attachment_kinds]
    if without is not None:
        rows = [each.exclude(pk=without.pk) for each in rows]
    return [*rows, UploadURL.objects.stray()]


def occupied_bytes() -> int:
    """Return the bytes that count for the storage of the account."""
    return sum(each.aggregate(bytes=models.Sum("size"))["bytes"] or 0 for each in stored_rows())
