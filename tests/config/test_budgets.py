"""How many round trips to PostgreSQL and Redis a request may take, as a web process takes them: with a pool."""

import os

import pytest
from django.db import connections
from django.db.backends.signals import connection_created

from config.connections import database
from tests.conftest import lift_limits
from tests.round_trips import postgresql_round_trips, redis_round_trips

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled():
    """The connection `default`, from a pool with the options of the product."""
    usual = connections["default"]
    usual.close()
    connection_created.disconnect(lift_limits)  # three statements for each request
    pool = database(os.environ["DATABASE_URL"], pool_size=1, pool_seconds=20)["OPTIONS"]["pool"]
    settings = {**usual.settings_dict, "OPTIONS": {**usual.settings_dict["OPTIONS"], "pool": pool}}
    pooled = connections["default"] = type(usual)(settings, "default")
    yield pooled
    pooled.close()
    pooled.close_pool()
    connections["default"] = usual
    connection_created.connect(lift_limits)


@pytest.fixture
def cost_of(pooled):
    """Return the round trips of a request to a process that has answered it before: `(PostgreSQL, Redis)`."""

    def cost_of(client, path):
        for _ in range(2):
            assert client.get(path).status_code == 200
            pooled.close()  # back to the pool, as after each request
        taken = pooled.pool.getconn()
        pooled.pool.putconn(taken)
        with postgresql_round_trips(taken) as statements, redis_round_trips() as messages:
            assert client.get(path).status_code == 200
            pooled.close()
        return statements[0], len(messages)

    return cost_of


@pytest.mark.parametrize("name", ["tasks", "subtasks"])
def test_list_of_the_api_takes_two_statements_and_one_message_to_redis(client, acme, bob, subtask, cost_of, name):
    """For an access token and a session: one statement for the member, one for the rows, a message for the limits."""
    for ours in (client.at(acme).with_token(bob), client.as_(bob)):
        assert cost_of(ours, f"/api/v1/{name}/?page_size=10") == (2, 1)


def test_page_takes_five_statements_at_most_and_no_message_to_redis(client, acme, bob, subtask, cost_of):
    """The first reads session, user and membership; the others are those of the page."""
    statements, messages = cost_of(client.as_(bob), "/subtasks/")
    assert statements <= 5
    assert messages == 0
