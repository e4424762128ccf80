"""Who belongs to an account, in which role. Tenant-owned, and what all else of an account refers to for a person."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from accounts.roles import Role
from tenancy.constraints import TenantUniqueConstraint
from tenancy.models import TenantManager, TenantModel


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> Self:
        """Return the memberships that have not ended."""
        return self.filter(ended_at=None)

    def visible_to(self, membership: "Membership") -> Self:
        """Return all: the members of an account see each other."""
        return self


class Membership(TenantModel):
    """A person's place in an account. Ended, not deleted, since their work refers to it."""

    user_field = "user"  # as_user(user) reads one's own memberships across accounts
    erased_with_tenant = True  # the audit log refers to them

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    mail_notifications = models.BooleanField(default=True)  # a mail for each of them, beside the row in the inbox
    mail_digest = models.BooleanField(default=True)  # a mail in the morning
    digest_day = models.DateField(null=True, blank=True, editable=False)  # of the last one: there is one a day
    avatar = models.CharField(max_length=32, blank=True, editable=False)  # which one; "" is none
    joined_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    readmitted_at = models.DateTimeField(null=True, editable=False)  # when it last began anew after an end

    objects: ClassVar = TenantManager.from_queryset(MembershipQuerySet)()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["user"], name="one_membership_per_user")]
        # The one index that does not start with the account: as_user() asks by person.
        indexes = [models.Index(fields=["user"], name="membership_user")]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"

    def accepts_credentials_of(self, moment: datetime) -> bool:
        """Say whether a session or token of that time is of this membership, and not of one that has ended before.

        To the second, which is as exact as tokens are.
        """
        return self.readmitted_at is None or moment >= self.readmitted_at.replace(microsecond=0)

    @property
    def name(self) -> str:
        """What the others call them. Needs `user` to be loaded."""
        return self.user.get_full_name()

    @property
    def as_role(self) -> Role:
        return Role(self.role)
