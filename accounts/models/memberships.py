"""The members of an account and their roles. Tenant-owned; rows of the account refer to members, not to users."""

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
    """A user's membership in an account. It is ended, not deleted, since the member's work refers to it."""

    placed = False
    user_field = "user"  # as_user(user) reads the user's memberships of all accounts
    erased_with_tenant = True  # the audit log refers to them

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    mail_notifications = models.BooleanField(default=True)  # an email for each notification
    mail_digest = models.BooleanField(default=True)  # a daily email
    digest_day = models.DateField(null=True, blank=True, editable=False)  # of the last one: there is one a day
    avatar = models.CharField(max_length=32, blank=True, editable=False)  # the name of the picture; "" is none
    joined_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    readmitted_at = models.DateTimeField(null=True, editable=False)  # the last return after an end

    objects: ClassVar = TenantManager.from_queryset(MembershipQuerySet)()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["user"], name="one_membership_per_user")]
        # The only index that does not start with the account: as_user() filters by user.
        indexes = [models.Index(fields=["user"], name="membership_user")]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"

    def accepts_credentials_of(self, moment: datetime) -> bool:
        """Return whether a session or token of that time belongs to this membership, and not to one that ended before.

        The comparison is exact to the second, as the times of tokens are.
        """
        return self.readmitted_at is None or moment >= self.readmitted_at.replace(microsecond=0)

    @property
    def name(self) -> str:
        """The displayed name. Needs `user` to be loaded."""
        return self.user.get_full_name()

    @property
    def as_role(self) -> Role:
        return Role(self.role)
