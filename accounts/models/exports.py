"""Exports: files that members have written of their data. Tenant-owned."""

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.extensions import ExportKind, export_kinds
from accounts.models.memberships import Membership
from accounts.models.subjects import subject_deleted, subject_visible_to
from accounts.permissions import may
from tenancy.clock import local_date
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class ExportFailure(models.TextChoices):
    """The reason why an export failed."""

    TOO_LARGE = "too_large", _("The file would be larger than the limit.")
    FORBIDDEN = "forbidden", _("You no longer had permission when the file was to be written.")
    STORAGE = "storage", _("The file storage could not be reached.")
    ABANDONED = "abandoned", _("It was not written within a day.")
    ERROR = "error", _("An error occurred while it was written.")


def kinds_for(member: Membership) -> list[ExportKind[Any]]:
    """Return the kinds that the role of a member allows to export."""
    return [kind for kind in export_kinds if may(member, kind.permission)]


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own, of subjects that exist and that the member may still see and export."""
        return self.filter(subject_visible_to(membership, kinds_for(membership)), requested_by=membership)

    def unfinished(self) -> Self:
        """Return those that wait or are being written."""
        return self.filter(state__in=(ExportState.WAITING, ExportState.RUNNING))

    def without_subject(self) -> Self:
        """Return those whose subject was deleted."""
        return self.filter(subject_deleted(export_kinds))


class Export(TenantModel):
    """A file of one subject, or of the whole account, for the member who requested it."""

    in_archive = False  # files of one member, for a few days

    LIFETIME: ClassVar = timedelta(days=7)

    kind = models.CharField(max_length=40)  # a name in accounts.extensions.export_kinds
    # See accounts.models.subjects. None: the account itself. The row stays until its file is deleted too.
    subject_id = models.UUIDField(null=True)
    requested_by = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.WAITING, editable=False)
    failure = models.CharField(max_length=10, choices=ExportFailure, blank=True, editable=False)
    # What the kind counts: how much is written, and how much there was when it began.
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    size = models.PositiveBigIntegerField(null=True, editable=False)  # bytes
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(ExportQuerySet)()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            # Not the reverse: the reason is unknown if the process was killed.
            models.CheckConstraint(
                condition=Q(state=ExportState.FAILED) | Q(failure=""), name="only_failed_for_a_reason"
            )
        ]
        indexes = [
            models.Index(fields=["account", "requested_by", "-created_at", "-id"], name="export_newest"),
            models.Index(fields=["account", "subject_id"], name="export_subject"),
            models.Index(fields=["account", "expires_at"], name="export_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.format} of {self.subject_id}"

    # Set by subjects.with_subjects() alone.
    subject: Any

    @property
    def is_unfinished(self) -> bool:
        return self.state in (ExportState.WAITING, ExportState.RUNNING)

    @property
    def progress(self) -> str:
        """In words how much is written."""
        return export_kinds[self.kind].progress(self.done, self.total)

    @property
    def file(self) -> str:
        """The name of its file in the storage of the account, the same for every attempt to write it."""
        return f"exports/{self.pk}"

    @property
    def file_name(self) -> str:
        """The name under which it is downloaded: WEB-2026-11-21.csv, acme-2026-11-21.zip. Needs `subject`.

        The date is in the time zone of the active scope.
        """
        stem = export_kinds[self.kind].file_stem(self.subject)
        return f"{stem}-{local_date(self.created_at)}.{self.format}"
