"""Idempotency keys of requests that were carried out. Tenant-owned."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from accounts.models.memberships import Membership
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantModel


class AbstractIdempotencyKey(TenantModel):
    """A POST that was carried out, and its answer: see accounts/rest/idempotency.py."""

    in_archive = False  # answers to one member
    LIFETIME: ClassVar = timedelta(hours=24)

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    # The hash of method, path and key, which together may be too long for an index.
    request_hash = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)  # 0 is never committed: the effect belongs to the transaction
    body = models.TextField(null=True)  # noqa: DJ001  # NULL: not kept, because it is a secret; "" is that of 204
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        constraints = [TenantUniqueConstraint(fields=["member", "request_hash"], name="%(class)s_once")]
        indexes = [models.Index(fields=["account", "created_at"], name="%(class)s_age")]

    def __str__(self) -> str:
        return f"{self.status} for {self.member_id}"


class IdempotencyKey(AbstractIdempotencyKey):
    """A POST that has written rows of the control plane."""

    placed = False


class PlacedIdempotencyKey(AbstractIdempotencyKey):
    """A POST that has written content."""
