"""What programs show instead of a password: refresh tokens and personal tokens. Tenant-owned."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.memberships import Membership
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import LineField, TenantForeignKey
from tenancy.models import TenantManager, TenantModel
from tenancy.tokens import TenantRefreshToken


class RefreshFamily(TenantModel):
    """All refresh tokens that followed from one log-in, each made for the one before. Only the last one works."""

    in_archive = False  # a token of it logs in

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="refresh_families")
    current_token_id = models.UUIDField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(editable=False)  # with the current token
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "refresh families"
        indexes = [models.Index(fields=["account", "member"], name="refresh_family_member")]

    def __str__(self) -> str:
        return f"log-in of {self.member_id} at {self.created_at}"

    def accepts(self, token: TenantRefreshToken) -> bool:
        """Say whether `token`, whose signature and expiry were checked, is the one that works."""
        return self.revoked_at is None and self.current_token_id == token.token_id

    def follow(self, token: TenantRefreshToken) -> None:
        """Make `token` the one that works."""
        self.current_token_id, self.expires_at = token.token_id, token.expires_at


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own, whatever their role, without those that were revoked."""
        return self.filter(member=membership, revoked_at=None)

    def valid(self) -> Self:
        """Return those that were not revoked and have not expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ApiToken(TenantModel):
    """A personal token: lets a program act as a member, in this account alone. Its text is not kept."""

    in_archive = False  # the hash of a credential

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="api_tokens")
    name = LineField(max_length=100)
    prefix = models.CharField(max_length=50, editable=False)  # how the text begins, to know it again by
    text_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)  # to the minute
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        ordering = ("-id",)
        constraints = [TenantUniqueConstraint(fields=["text_hash"], name="api_token_text")]
        indexes = [models.Index(fields=["account", "member"], name="api_token_member")]

    def __str__(self) -> str:
        return self.name
