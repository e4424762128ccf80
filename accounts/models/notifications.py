"""What members are told."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from projects.models import visible_through
from tasks.models.tasks import Comment, Task
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel


class NotificationKind(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned")
    MENTIONED = "mentioned", _("Mentioned")
    DUE_SOON = "due_soon", _("Due soon")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own, about tasks that they may still see."""
        return self.filter(visible_through(membership, "task__project"), member=membership)

    def unread(self) -> Self:
        """Return those that were not read."""
        return self.filter(read_at=None)


class Notification(TenantModel):
    """Something that a member is told about a task."""

    in_archive = False  # the inbox of one member
    ends_with_membership = "member"

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=10, choices=NotificationKind)
    task = TenantForeignKey(Task, on_delete=models.CASCADE, related_name="notifications")
    comment = TenantForeignKey(Comment, on_delete=models.CASCADE, null=True, related_name="notifications")
    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    # What it is about, once: the activity that assigned, the comment that mentions, the day that is due.
    cause = models.CharField(max_length=36, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(NotificationQuerySet)()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [TenantUniqueConstraint(fields=["member", "kind", "task", "cause"], name="notification_once")]
        indexes = [
            models.Index(fields=["account", "member", "-created_at", "-id"], name="notification_newest"),
            models.Index(fields=["account", "member"], name="notification_unread", condition=Q(read_at=None)),
            models.Index(fields=["account", "task"], name="notification_task"),
            models.Index(fields=["account", "comment"], name="notification_comment"),
            models.Index(fields=["account", "actor"], name="notification_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.member_id}"
