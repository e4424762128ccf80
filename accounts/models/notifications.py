"""Notifications of members. Tenant-owned."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.extensions import notification_kinds
from accounts.models.memberships import Membership
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own, about subjects that exist and that the member may still see."""
        shown = Q(pk__in=())
        for kind in notification_kinds:
            subjects = kind.subjects(membership).filter(pk=OuterRef("subject_id"))
            shown |= Q(Exists(subjects), kind=kind.name)
        return self.filter(shown, member=membership)

    def unread(self) -> Self:
        """Return those that were not read."""
        return self.filter(read_at=None)

    def without_subject(self) -> Self:
        """Return those whose subject was deleted."""
        gone = Q(pk__in=())
        for kind in notification_kinds:
            subjects = kind.model._default_manager.filter(pk=OuterRef("subject_id"))
            gone |= Q(~Exists(subjects), kind=kind.name)
        return self.filter(gone)


class Notification(TenantModel):
    """An event that a member is notified of, about a row of any app."""

    in_archive = False  # the inbox of one member
    ends_with_membership = "member"

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)  # a name in accounts.extensions.notification_kinds
    # No foreign key: the model depends on the kind. A deleted subject hides the row, and the daily job deletes it.
    subject_id = models.UUIDField()
    data = models.JSONField(default=dict)  # ids by the names that the API shows them under
    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    # Identifies the event, so that it is told once: the id of an activity or a comment, or a day.
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

    # Set by with_subjects() alone.
    subject: Any


def with_subjects(notifications: Iterable[Notification], member: Membership) -> list[Notification]:
    """Return the notifications whose subject `member` may see, with it as `subject`: one query for each kind."""
    rows = list(notifications)
    ids: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        ids[row.kind].add(row.subject_id)
    subjects = {
        kind.name: kind.subjects(member).in_bulk(ids[kind.name]) for kind in notification_kinds if kind.name in ids
    }
    for row in rows:
        row.subject = subjects.get(row.kind, {}).get(row.subject_id)
    return [row for row in rows if row.subject is not None]
