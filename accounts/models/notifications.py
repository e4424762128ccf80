"""Notifications of members. Tenant-owned."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.extensions import notification_kinds
from accounts.models.memberships import Membership
from accounts.models.subjects import subject_deleted, subject_visible_to
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own, about subjects that exist and that the member may still see."""
        return self.filter(subject_visible_to(membership, notification_kinds), member=membership)

    def unread(self) -> Self:
        """Return those that were not read."""
        return self.filter(read_at=None)

    def without_subject(self) -> Self:
        """Return those whose subject was deleted."""
        return self.filter(subject_deleted(notification_kinds))


class Notification(TenantModel):
    """An event that a member is notified of, about a row of any app."""

    in_archive = False  # the inbox of one member
    ends_with_membership = "member"

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)  # a name in accounts.extensions.notification_kinds
    subject_id = models.UUIDField()  # see accounts.models.subjects
    data = models.JSONField(default=dict)  # ids by the names that the API shows them under
    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    # Identifies the event, so that it notifies once: the id of an activity or a comment, or a day.
    cause = models.CharField(max_length=36, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(NotificationQuerySet)()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            TenantUniqueConstraint(fields=["member", "kind", "subject_id", "cause"], name="notification_once")
        ]
        indexes = [
            models.Index(fields=["account", "member", "-created_at", "-id"], name="notification_newest"),
            models.Index(fields=["account", "member"], name="notification_unread", condition=Q(read_at=None)),
            models.Index(fields=["account", "subject_id"], name="notification_subject"),
            models.Index(fields=["account", "actor"], name="notification_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.member_id}"

    # Set by subjects.with_subjects() alone.
    subject: Any
