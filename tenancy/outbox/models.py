"""The tables of the outbox. Shared: they hold names and ids only."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenancy.fields import UUIDv7Field


class OutboxJobQuerySet(models.QuerySet["OutboxJob"]):
    def dead(self) -> Self:
        """Return the dead letters: jobs that failed as often as they may."""
        return self.exclude(failed_at=None)

    def waiting(self) -> Self:
        """Return the jobs that nobody has sent yet, or not again."""
        return self.filter(failed_at=None, sent_at=None)

    def sent(self) -> Self:
        """Return the jobs that the broker or a worker has."""
        return self.filter(failed_at=None).exclude(sent_at=None)


class OutboxJob(models.Model):
    """A job that is not done yet. Its id is that of the Celery task."""

    id = UUIDv7Field()
    tenant_id = models.UUIDField()
    name = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    options = models.JSONField(default=dict)  # what follows it in a chain, group or chord
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # that a worker has begun
    failed_at = models.DateTimeField(null=True)
    # Kind and place of the last error, never its text, which may quote a tenant's data.
    error = models.CharField(max_length=300, blank=True)

    objects: ClassVar = OutboxJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(failed_at=None) | Q(sent_at=None), name="outbox_job_is_sent_or_dead_or_waits"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "not_before", "id"],
                condition=Q(sent_at=None, failed_at=None),
                name="outbox_waiting",
            ),
            models.Index(fields=["tenant_id"], condition=Q(sent_at__isnull=False), name="outbox_sent"),
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="outbox_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.tenant_id}"


class DailyRun(models.Model):
    """On which day a daily job was last started for a tenant, by the tenant's own calendar."""

    tenant_id = models.UUIDField()
    job = models.CharField(max_length=200)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "tenant_id"], name="daily_run")]

    def __str__(self) -> str:
        return f"{self.job} of {self.tenant_id} on {self.day}"
