"""Topics and their numbered events, the source of live updates. Apps inherit and register both."""

from django.db import models

from accounts.models.memberships import Membership
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantModel


class AbstractTopic(TenantModel):
    """A row that WebSocket clients can follow. `accounts.extensions.Topic` registers the model."""

    # A counter, taken from the locked row so that the numbers have no gaps: see docs/adr.
    last_activity_seq = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class AbstractActivity(TenantModel):
    """An event of a topic: the activity feed, and the source of missed events of live clients.

    The model adds a TenantForeignKey to its topic, with the topic's name. It is unique together with `seq`.
    """

    seq = models.PositiveBigIntegerField()  # 1, 2, 3 … in commit order, without gaps
    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    verb = models.CharField(max_length=50)  # "task.completed"
    object_id = models.UUIDField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.verb} #{self.seq}"
