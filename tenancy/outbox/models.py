"""The tables of the outbox. They are shared, so they contain only names and ids."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenancy.fields import UUIDv7Field


class OutboxJobQuerySet(models.QuerySet["OutboxJob"]):
    def dead(self) -> Self:
        """Return the dead letters: jobs that failed in all attempts."""
        return self.exclude(failed_at=None)

    def waiting(self) -> Self:
        """Return the jobs that the relay has to send, for the first time or again."""
        return self.filter(failed_at=None, sent_at=None)

    def sent(self) -> Self:
        """Return the jobs that the broker or a worker has."""
        return self.filter(failed_at=None).exclude(sent_at=None)


class OutboxJob(models.Model):
    """A job that is not done. Its id is that of the Celery task."""

    id = UUIDv7Field()
    tenant_id = models.UUIDField()
    name = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    options = models.JSONField(default=dict)  # the jobs that follow in a chain, group or chord
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # that a worker has started
    failed_at = models.DateTimeField(null=True)
    # Type and place of the last error, never its text, which may quote data of the tenant.
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
    """The local date of a tenant on which a daily job was last enqueued."""

    tenant_id = models.UUIDField()
    job = models.CharField(max_length=200)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "tenant_id"], name="daily_run")]

    def __str__(self) -> str:
        return f"{self.job} of {self.tenant_id} on {self.day}"
