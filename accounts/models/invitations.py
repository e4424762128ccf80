"""Invitations to become a member. Tenant-owned."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.memberships import Membership
from accounts.roles import Role
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantManager, TenantModel

INVITERS = (Role.OWNER, Role.ADMIN)  # who has `member.manage` in accounts.permissions, which imports this


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Return those that were neither accepted nor revoked; their links may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def valid(self) -> Self:
        """Return those whose links work: until they expire, and while their inviter could still make them.

        A removed or demoted admin, who may have sent them to other addresses of their own, gets nothing by them.
        """
        able = Q(invited_by__ended_at=None, invited_by__role__in=INVITERS, invited_by__user__is_active=True)
        return self.open().filter(able, expires_at__gt=timezone.now())

    def unanswered(self) -> Self:
        """Return those that somebody was mailed and has not accepted: that may, or was asked to within a day.

        Also what was taken back: otherwise one could write to any number of people by taking back what was sent.
        """
        lately = Q(asked_at__gt=timezone.now() - timedelta(days=1))
        return self.filter(lately | Q(revoked_at=None, expires_at__gt=timezone.now()), accepted_at=None)

    def visible_to(self, membership: Membership) -> Self:
        """Return the open ones to owners and admins, and nothing to others."""
        return self.open() if membership.role in INVITERS else self.none()


class Invitation(TenantModel):
    """Lets whoever reads the mail of an address become a member. The text of its link is not kept."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    invited_by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, blank=True, editable=False)  # "" until the mail is sent
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)  # when a mail was last asked for
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(InvitationQuerySet)()

    class Meta:
        ordering = ("-id",)
        constraints = [
            TenantUniqueConstraint(
                fields=["email"], condition=Q(accepted_at=None, revoked_at=None), name="one_open_invitation"
            ),
            models.CheckConstraint(condition=~Q(role=Role.OWNER), name="nobody_is_invited_as_owner"),
        ]
        indexes = [
            models.Index(fields=["account", "token_hash"], name="invitation_token"),
            models.Index(fields=["account", "invited_by"], name="invitation_invited_by"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def has_expired(self) -> bool:
        """Whether its link does not work any more."""
        return self.expires_at <= timezone.now()
