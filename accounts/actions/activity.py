"""The record of what happened in a topic, and its announcement to live clients."""

from typing import Any

from django.db.models import F, Model

from accounts.extensions import topics
from accounts.models import AbstractActivity, AbstractTopic, Membership
from tenancy.groups import announce


def record_event(
    *,
    row: AbstractTopic,
    actor: Membership | None,
    verb: str,
    subject: Model,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> AbstractActivity:
    """Record an event of `row` with its next number, in the caller's transaction, and announce it after the commit.

    The number is taken from the row, which stays locked until the commit, so numbers have no gaps and ascend in the
    order of the commits. `subject` is the object of the event, and `data` what the feed shows of it. `fields` are
    those that the topic's model of activity has in addition. The model of `row` must be registered as a topic.
    """
    topic = next(each for each in topics if isinstance(row, each.model))
    row.last_activity_seq = F("last_activity_seq") + 1
    row.save(update_fields=["last_activity_seq"])
    activity = topic.activity.objects.create(
        **{topic.name: row},
        seq=row.last_activity_seq,
        actor=actor,
        verb=verb,
        object_id=subject.pk,
        data=data or {},
        **fields,
    )
    announce(f"{topic.name}.{row.pk}", {"type": f"{topic.name}.changed", topic.name: str(row.pk), "seq": activity.seq})
    return activity
