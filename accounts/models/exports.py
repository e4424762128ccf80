"""Projects and whole accounts as files."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.permissions import may
from projects.models import Project, visible_through
from tenancy.clock import local_date
from tenancy.context import require_active_tenant
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", "XLSX"
    CSV = "csv", "CSV"
    JSON = "json", "JSON"
    ZIP = "zip", _("everything of the account")  # and the only format of that


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class ExportFailure(models.TextChoices):
    """Why there will be no file."""

    TOO_LARGE = "too_large", _("It would be larger than an export may be.")
    FORBIDDEN = "forbidden", _("You were no longer allowed to export it when it was to be written.")
    STORAGE = "storage", _("The file storage could not be reached.")
    ABANDONED = "abandoned", _("Nobody wrote it for a day.")
    ERROR = "error", _("Something went wrong while it was written.")


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own: of projects that they may still see, and of the account while they own it."""
        shown = Q(project__isnull=False) & visible_through(membership, "project")
        if may(membership, "account.export"):
            shown |= Q(format=ExportFormat.ZIP)
        return self.filter(shown, requested_by=membership)

    def unfinished(self) -> Self:
        """Return those that wait or are being written."""
        return self.filter(state__in=(ExportState.WAITING, ExportState.RUNNING))


class Export(TenantModel):
    """A project, or all of the account, as a file for the member who asked for it."""

    in_archive = False  # files of one member, for a few days

    LIFETIME: ClassVar = timedelta(days=7)

    # NULL when the project was deleted: the row stays until its file is deleted too. Or it is of the whole account.
    project = TenantForeignKey(Project, on_delete=models.SET_NULL, null=True, related_name="exports")
    requested_by = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=10, choices=ExportFormat)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.WAITING, editable=False)
    failure = models.CharField(max_length=10, choices=ExportFailure, blank=True, editable=False)
    # Tasks, or rows of all tables and files, that are written, and that there were when it began.
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
            # One way only: what failed before reasons were kept has none.
            models.CheckConstraint(
                condition=Q(state=ExportState.FAILED) | Q(failure=""), name="only_failed_for_a_reason"
            )
        ]
        indexes = [
            models.Index(fields=["account", "requested_by", "-created_at", "-id"], name="export_newest"),
            models.Index(fields=["account", "project"], name="export_project"),
            models.Index(fields=["account", "expires_at"], name="export_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.format} of {self.project_id}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in (ExportState.WAITING, ExportState.RUNNING)

    @property
    def is_of_account(self) -> bool:
        return self.format == ExportFormat.ZIP

    @property
    def file(self) -> str:
        """The name of its file in the storage of the account, the same for every attempt to write it."""
        return f"exports/{self.pk}"

    @property
    def file_name(self) -> str:
        """What it is called where it is saved: WEB-2026-11-21.csv, acme-2026-11-21.zip. Needs `project`.

        The date is that of the user who looks.
        """
        name = self.project.key if self.project else require_active_tenant().slug
        return f"{name}-{local_date(self.created_at)}.{self.format}"
