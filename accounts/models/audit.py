"""The audit log. Tenant-owned."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from accounts.models.memberships import Membership
from accounts.roles import Role
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel


def now() -> datetime:
    """Return the time of a new entry. Migrations name this function."""
    return timezone.now()


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return all to owners and admins, and none to others."""
        return self if membership.role in (Role.OWNER, Role.ADMIN) else self.none()


class AbstractAuditEntry(TenantModel):
    """An action that changed what members may see or do. Written by `accounts.audit`, and never changed."""

    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    actor_email = models.EmailField(blank=True)  # at that time: it is kept when the user is deleted
    ip = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=50)  # "member.role_changed"
    object_id = models.UUIDField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_email}"


class AuditEntry(AbstractAuditEntry):
    """An entry of the audit log."""

    placed = False
    append_only = True
    erased_with_tenant = True

    objects: ClassVar = TenantManager.from_queryset(AuditEntryQuerySet)()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="audit_newest"),
            models.Index(fields=["account", "actor"], name="audit_actor"),
            models.Index(fields=["account", "action", "-created_at"], name="audit_action"),
        ]


class AuditDraft(AbstractAuditEntry):
    """An entry about content, in the transaction that changed the content, until a job has copied it to the log."""

    in_archive = False  # the archive has the audit log

    class Meta:
        indexes = [models.Index(fields=["account", "actor"], name="audit_draft_actor")]
