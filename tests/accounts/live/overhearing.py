"""What groups of the channel layer hear of calls."""

import asyncio

import pytest
from channels.layers import get_channel_layer
from django.db import connection

from tenancy.groups import announcer
from tests.waiting import PATIENCE


@pytest.fixture
def overheard():
    """Call functions one after the other, and return what the groups hear of it: `overheard(groups, first, then)`."""

    async def listen(groups, calls):
        assert announcer.flush(PATIENCE)  # what happened before is not meant
        layer = get_channel_layer()
        channel = await layer.new_channel()
        for group in groups:
            await layer.group_add(group, channel)
        heard = []
        for call in calls:
            await asyncio.to_thread(in_passing, call)
            await asyncio.to_thread(announcer.flush, 5)
            # What was sent over this connection before has arrived when this has.
            await layer.group_send(groups[0], {"type": "end"})
            while (message := await layer.receive(channel)) != {"type": "end"}:
                heard.append(message)
        await layer.flush()
        return heard

    return lambda groups, *calls: asyncio.run(listen(groups, calls))


def in_passing(call):
    """Call it in a thread that is used for nothing else, and leave no connection to the database behind."""
    try:
        call()
    finally:
        connection.close()


def group_of(office, row):
    return f"tenant.{office.tenant.pk}.{row._meta.model_name}.{row.pk}"


def announcement(office, row, seq):
    topic = row._meta.model_name
    return {"type": f"{topic}.changed", topic: str(row.pk), "seq": seq, "group": group_of(office, row)}
