"""Loads the fixtures of users and accounts, and adds projects and tasks.

The servers are started by `config.pytest_plugin`, before settings are read.
"""

import gc
import threading
from datetime import UTC, datetime

import pytest
from celery import current_app
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.test import override_settings
from django.utils import timezone

from projects.actions.projects import create_project
from projects.models import Label
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.postgresql.cursors import LIMITS
from tenancy.routing import forget_resolvers
from tenancy.testing import membership_of
from tests.waiting import PATIENCE

pytest_plugins = ["tenancy.testing"]


# These tests start processes and wait for them. They run first, in parallel with others.
WITH_PROCESSES = ("pooler", "live", "jobs", "deployment", "browser", "faults", "config", "examples", "isolation")


def pytest_collection_modifyitems(items):
    first = {name: place for place, name in enumerate(WITH_PROCESSES)}
    items.sort(key=lambda item: first.get(item.path.parent.name, len(first)))


def pytest_collection_finish():
    """Exclude modules and tests, which live until the end, from garbage collection: 6 % of the time of tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def _permissions_are_made_once():
    """Django creates the permissions of its admin whenever tables are emptied, which doubles the time.

    These rights are not checked: superusers have all.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    post_migrate.connect(_forget_content_types)


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_found_when_they_are_asked_for():
    """Each client creates the middleware, which would scan all static files: a tenth of the time of a test."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _hosts_are_cached_for_the_whole_test():
    """A test that counts queries asks twice, and on a slow machine more than the usual ten seconds are between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenancy.routing.CACHE_SECONDS", 3600)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_ended_for_being_slow():
    """On a slow machine a test may hold a lock or a transaction for longer than the role may."""
    connection_created.connect(lift_limits)
    yield
    connection_created.disconnect(lift_limits)


def lift_limits(connection, **_options):
    for name in LIMITS:
        connection.connection.execute(f"SET {name} = 0")


def _forget_content_types(**_options):
    ContentType.objects.clear_cache()  # which are made when they are needed


@pytest.fixture
def resolvers(settings):
    """Choose how tenants are found: `resolvers("HostResolver", "HeaderResolver")`."""

    def choose(*names):
        settings.TENANCY = {**settings.TENANCY, "RESOLVERS": [f"tenancy.routing.{name}" for name in names]}
        forget_resolvers()

    yield choose
    forget_resolvers()


@pytest.fixture
def admin(acme, charlie):
    """Charlie, as an admin of acme."""
    with tenant_context(acme):
        membership = membership_of(charlie, acme)
        membership.role = "admin"
        membership.save()
    return charlie


@pytest.fixture
def project(acme, alice):
    """An open project of acme, WEB. Alice made it, so bob and vera see it and are not its members."""
    with tenant_context(acme):
        return create_project(actor=membership_of(alice, acme), name="Website")


@pytest.fixture
def secret_project(acme, alice):
    """A private project of acme, SEC. Alice is its only member."""
    with tenant_context(acme):
        return create_project(actor=membership_of(alice, acme), name="Secret", private=True)


@pytest.fixture
def foreign_project(globex, mallory):
    """An open project of globex, WEB like acme's."""
    with tenant_context(globex):
        return create_project(actor=membership_of(mallory, globex), name="Website")


@pytest.fixture
def task(acme, alice, project):
    """WEB-1 of acme, in the first column for things to do."""
    with tenant_context(acme):
        return create_task(actor=membership_of(alice, acme), project=project, title="Write the welcome page")


@pytest.fixture
def secret_task(acme, alice, secret_project):
    """SEC-1 of acme, in the private project."""
    with tenant_context(acme):
        return create_task(actor=membership_of(alice, acme), project=secret_project, title="Buy the competition")


@pytest.fixture
def foreign_task(globex, mallory, foreign_project):
    """WEB-1 of globex."""
    with tenant_context(globex):
        return create_task(actor=membership_of(mallory, globex), project=foreign_project, title="Spy on acme")


@pytest.fixture
def subtask(acme, alice, task):
    """The only subtask of acme's WEB-1."""
    with tenant_context(acme):
        return create_subtask(actor=membership_of(alice, acme), task=task, title="Find a picture")


@pytest.fixture
def label(acme):
    """A label of acme."""
    with tenant_context(acme):
        return Label.objects.create(name="Bug")


@pytest.fixture
def statuses(acme, project):
    """The statuses of acme's WEB by category."""
    with tenant_context(acme):
        return {status.category: status for status in project.statuses.all()}


@pytest.fixture
def at_once(acme):
    """Run calls in parallel threads that start together, each in acme; return the exceptions.

    For tests with `django_db(transaction=True)`: each thread has its own connection.
    """

    def at_once(*calls):
        barrier, errors = threading.Barrier(len(calls)), []

        def run(call):
            try:
                with tenant_context(acme):
                    barrier.wait(PATIENCE)
                    call()
            except Exception as error:  # noqa: BLE001  # the test looks at all of them
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        return errors

    return at_once


@pytest.fixture
def at(monkeypatch):
    """Set the clock to a time in UTC: `at("2026-03-01 23:00")`."""

    def at(text):
        monkeypatch.setattr(timezone, "now", lambda: datetime.fromisoformat(text).replace(tzinfo=UTC))

    return at


@pytest.fixture
def run_jobs(db):
    """Run the jobs in the outbox and their follow-up jobs like a worker; return their names.

    In the test's own transaction. tests/jobs has a real worker.
    """

    def run_jobs():
        names = []
        while jobs := list(OutboxJob.objects.order_by("pk")):
            OutboxJob.objects.filter(pk__in=[job.pk for job in jobs]).delete()
            for job in jobs:
                names.append(job.name)
                current_app.tasks[job.name](*job.args, tenant_id=str(job.tenant_id), **job.kwargs)
        return names

    return run_jobs
