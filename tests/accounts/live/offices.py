"""Fixtures: one live web process for the tests of a file, and an account for each test."""

import os

import pytest
from django.db import connection

from tests.accounts.live.clients import make_office, port_of
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database
from tests.sample.actions import create_note

SETTINGS = "tests.settings"  # with the sample app, whose notes can be followed


@pytest.fixture(scope="session")
def test_database(django_db_setup):
    return with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])


@pytest.fixture(scope="module")
def url(test_database, tmp_path_factory):
    log = tmp_path_factory.mktemp("web") / "web.log"
    with web_process(test_database, log, connections=8, DJANGO_SETTINGS_MODULE=SETTINGS) as url:
        yield url


@pytest.fixture
def office(transactional_db, url):
    return make_office(port_of(url))


@pytest.fixture
def other_office(transactional_db, url):
    return make_office(port_of(url))


@pytest.fixture
def note(office):
    """A note for all members of the office."""
    return office.act(create_note, text="Water the plants")
