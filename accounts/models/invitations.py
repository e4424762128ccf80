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

INVITERS = (Role.OWNER, Role.ADMIN)  # the roles with `member.manage` in accounts.permissions


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Return the invitations that were neither accepted nor revoked; their links may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def valid(self) -> Self:
        """Return the invitations whose links are valid: until they expire, and while the inviter may still invite.

        Otherwise a removed or demoted admin could return by an invitation to another of their addresses.
        """
        able = Q(invited_by__ended_at=None, invited_by__role__in=INVITERS, invited_by__user__is_active=True)
        return self.open().filter(able, expires_at__gt=timezone.now())

    def unanswered(self) -> Self:
        """Return the invitations that count towards the limit of emails: pending ones, and those sent within a day.

        Revoked ones count too: otherwise a member could send any number of emails by revoking invitations.
        """
        lately = Q(asked_at__gt=timezone.now() - timedelta(days=1))
        return self.filter(lately | Q(revoked_at=None, expires_at__gt=timezone.now()), accepted_at=None)

    def visible_to(self, membership: Membership) -> Self:
        """Return the open ones to owners and admins, and none to others."""
        return self.open() if membership.role in INVITERS else self.none()


class Invitation(TenantModel):
    """Lets the reader of the mail of an address become a member. The token of the link is not stored."""

    placed = False

    email = models.EmailField(_("email"))
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    invited_by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, blank=True, editable=False)  # "" until the mail is sent
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)  # when a mail was last requested
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
            models.CheckConstraint(condition=~Q(role=Role.OWNER), name="invitation_role_is_not_owner"),
        ]
        indexes = [
            models.Index(fields=["account", "token_hash"], name="invitation_token"),
            models.Index(fields=["account", "invited_by"], name="invitation_invited_by"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def has_expired(self) -> bool:
        """Whether its link has expired."""
        return self.expires_at <= timezone.now()
