"""The credentials of programs: refresh tokens and personal access tokens. Tenant-owned."""

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
    """All refresh tokens of one log-in, each made from the one before. Only the last one is valid."""

    placed = False
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
        """Return whether `token`, whose signature and expiry were checked, is the valid one."""
        return self.revoked_at is None and self.current_token_id == token.token_id

    def follow(self, token: TenantRefreshToken) -> None:
        """Make `token` the valid one."""
        self.current_token_id, self.expires_at = token.token_id, token.expires_at


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own tokens, in any role, without revoked ones."""
        return self.filter(member=membership, revoked_at=None)

    def valid(self) -> Self:
        """Return the tokens that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ApiToken(TenantModel):
    """A personal access token: a program acts as a member, in this account only. Its text is not stored."""

    placed = False
    in_archive = False  # the hash of a credential

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="api_tokens")
    name = LineField(max_length=100)
    prefix = models.CharField(max_length=50, editable=False)  # how the text begins
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
