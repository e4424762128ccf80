"""A client that reconnects ends with the tasks of the server."""

import asyncio
import json
import random

import pytest

from accounts.live.events import encode
from tasks.actions.bulk import TaskChange, update_tasks
from tasks.actions.progress import complete_task
from tasks.actions.tasks import create_task, delete_task
from tasks.api.serializers import TaskSerializer
from tasks.api.tasks import TaskViewSet
from tenancy.context import tenant_context
from tests.accounts.live.clients import PROTOCOL
from tests.accounts.live.converging import end_of, in_the_background
from tests.accounts.live.many import Many, following, have_reached

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(office, project):
    with tenant_context(office.tenant):
        rows = TaskViewSet.queryset.filter(project=project)
        return {str(row.pk): json.loads(encode(TaskSerializer(row).data)) for row in rows}


def test_a_client_that_is_cut_fifty_times_ends_with_the_state_of_the_server(office, project):
    """While others write two thousand changes: each event once, in order."""
    protocols, chance = [PROTOCOL, f"bearer.{office.token()}"], random.Random(50)

    def write(number, changes):
        mine = [office.act(create_task, project=project, title=f"New {number}-{each}") for each in range(25)]
        for round_ in range(changes // 25 - 1):
            office.act(update_tasks, changes=[TaskChange(task, {"title": f"{number}-{round_}"}) for task in mine])
        for task in mine[:10]:
            office.act(complete_task, task=task)
        for task in mine[10:15]:
            office.act(delete_task, task=task)

    async def scene():
        async with Many(office.uri, protocols) as many, following(many, project, 1) as (follower,):
            writers = [in_the_background(lambda n=n: write(n, 500)) for n in range(4)]
            for _ in range(50):
                next_cut = len(follower.seen) + chance.randrange(1, 40)
                while len(follower.seen) < next_cut:
                    await asyncio.sleep(0.001)
                follower.cut()
            await have_reached([follower], await end_of(writers, office, project))
            return follower

    follower = asyncio.run(scene())
    state = state_of(office, project)
    assert follower.connections > 50
    assert follower.seen == list(range(2, 2 + 4 * 515))
    for gone in set(follower.state) - set(state):
        del follower.state[gone]  # whose last event had no object
    assert follower.state == state
