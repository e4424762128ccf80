"""Enqueuing jobs: the rows of the outbox, their tenant, and refused calls."""

import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import chain, chord, current_app, group
from django.db import transaction
from django.utils import timezone

from projects.models import Label
from tenancy.context import NoActiveTenant, tenant_context
from tenancy.jobs import SystemTask, TenantTask, UnknownJob, enqueue
from tenancy.outbox.models import OutboxJob
from tests.isolation.live import ROOT
from tests.jobs import samples

pytestmark = pytest.mark.django_db

# Jobs of the platform, and why they need no tenant.
SYSTEM_JOBS = {
    "accounts.erase_deleted": "erases accounts, and the row of one goes last",
    "accounts.log_in_refused_on_public_site": "a log-in on the public site is refused without an account",
    "accounts.send_user_email_of_public_site": "what a user requests on the public site belongs to no account",
    "accounts.remove_expired_sessions": "sessions are shared rows",
    "config.start_for_each_tenant": "writes a job for each tenant into the outbox",
    "samples.leave_active_for_all": "a test's",
    "samples.look_around": "a test's",
}


def test_a_job_gets_the_active_tenant(acme):
    with tenant_context(acme):
        result = samples.note_label.delay("one")
    job = OutboxJob.objects.get()
    assert (str(job.pk), job.name, job.tenant_id) == (result.id, "samples.note", acme.pk)
    assert (job.args, job.kwargs) == (["one"], {})


def test_action_enqueues_a_job_by_name(acme):
    with tenant_context(acme):
        key = enqueue("samples.note", name="one")
    assert OutboxJob.objects.get().pk == key


@pytest.mark.parametrize("form", [str, lambda key: key])
def test_named_tenant_overrides_the_active_tenant(acme, globex, form):
    with tenant_context(acme):
        samples.note_label.delay("one", tenant_id=form(globex.pk))
    assert OutboxJob.objects.get().tenant_id == globex.pk
    samples.note_label.delay("two", tenant_id=form(globex.pk))
    assert OutboxJob.objects.filter(tenant_id=globex.pk).count() == 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda: samples.note_label.delay("one"),
        lambda: samples.note_label.apply_async(("one",)),
        lambda: samples.note_label.s("one").delay(),
        lambda: chain(samples.note_label.si("one"), samples.note_label.si("two")).delay(),
        lambda: enqueue("samples.note", name="one"),
        lambda: samples.note_label("one"),
    ],
    ids=["delay", "apply_async", "signature", "chain", "enqueue", "call"],
)
def test_enqueue_without_a_tenant_raises(ask):
    with pytest.raises(NoActiveTenant):
        ask()
    assert not OutboxJob.objects.exists()


def test_rollback_removes_the_job(acme):
    with tenant_context(acme), pytest.raises(ZeroDivisionError), transaction.atomic():
        samples.note_label.delay("one")
        raise ZeroDivisionError
    assert not OutboxJob.objects.exists()


def test_wrong_arguments_raise_in_the_caller(acme):
    with tenant_context(acme):
        with pytest.raises(TypeError):
            samples.note_label.delay()
        with pytest.raises(TypeError):
            enqueue("samples.note", nmae="one")
        with pytest.raises(ValueError, match="badly formed"):
            samples.note_label.delay("one", tenant_id="acme")
        with pytest.raises(ValueError, match="pass ids"):
            samples.note_label.delay("x" * 10_001)
        with pytest.raises(UnknownJob, match="There is no job"):
            enqueue("samples.nothing")
    assert not OutboxJob.objects.exists()


def test_job_can_be_delayed(acme):
    later = timezone.now() + timedelta(hours=1)
    with tenant_context(acme):
        samples.note_label.apply_async(("one",), eta=later)
        samples.note_label.apply_async(("two",), countdown=3600)
    first, second = OutboxJob.objects.order_by("pk")
    assert first.not_before == later
    assert later < second.not_before < later + timedelta(minutes=1)


def test_direct_call_runs_for_the_active_tenant(acme, globex):
    with tenant_context(acme):
        samples.note_label("one")
        samples.note_label("two", tenant_id=str(globex.pk))
        assert [label.name for label in Label.objects.all()] == ["one"]
    with tenant_context(globex):
        assert [label.name for label in Label.objects.all()] == ["two"]


def test_a_canvas_made_elsewhere_gets_the_tenant_in_all_its_parts(acme):
    made = chain(samples.note_label.si("one"), group(samples.note_label.si("two"), samples.note_label.si("three")))
    with tenant_context(acme):
        made.delay()
    job = OutboxJob.objects.get()
    assert str(job.options).count(str(acme.pk)) == 2


def test_chord_callback_runs_for_the_tenant_that_created_it(acme, globex):
    with tenant_context(acme):
        body = samples.note_results.s("sum")
        header = [samples.note_with_result.s(name) for name in ("one", "two")]
    with tenant_context(globex):
        chord(header)(body)
    assert set(OutboxJob.objects.values_list("tenant_id", flat=True)) == {acme.pk}


def test_shared_link_signature_gets_the_tenant_of_each_call(acme, globex):
    follow = samples.note_results.s("got")
    for tenant in (acme, globex):
        with tenant_context(tenant):
            samples.note_with_result.apply_async(("one",), link=follow, link_error=[follow])
    for tenant in (acme, globex):
        job = OutboxJob.objects.get(tenant_id=tenant.pk)
        assert str(job.options).count(f"'tenant_id': '{tenant.pk}'") == 2
    assert follow.kwargs == {}


def test_arguments_shared_by_two_tenants_are_not_modified(acme, globex):
    common = {"name": "one"}
    for tenant in (acme, globex):
        with tenant_context(tenant):
            samples.note_label.signature(kwargs=common).delay()
    assert OutboxJob.objects.filter(tenant_id=globex.pk).count() == 1
    assert common == {"name": "one"}


@pytest.mark.parametrize("name", ["apply", "chunks", "map", "starmap", "replace"])
def test_calls_that_bypass_the_outbox_are_refused(acme, name):
    with tenant_context(acme), pytest.raises(TypeError, match="past the outbox"):
        getattr(samples.note_label, name)(["one"])


@pytest.mark.parametrize("option", ["expires", "queue", "time_limit", "serializer"])
def test_options_that_the_outbox_cannot_store_are_refused(acme, option):
    with tenant_context(acme), pytest.raises(TypeError, match=option):
        samples.note_label.apply_async(("one",), **{option: 60})


@pytest.mark.parametrize("option", [{"max_retries": None}, {"time_limit": 3600}, {"soft_time_limit": 3600}])
def test_task_class_without_limits_is_refused(option):
    with pytest.raises(TypeError):
        type("Endless", (TenantTask,), {"name": "samples.endless", **option})


def test_arguments_that_cannot_be_deserialized_raise_in_the_caller(acme):
    with tenant_context(acme), pytest.raises(ValueError, match="garbage"):
        samples.note_label.delay({"__type__": "datetime", "__value__": "garbage"})


def test_every_process_loads_the_jobs():
    """Web processes too: an action enqueues a job by its name."""
    code = "import django; django.setup(); from celery import current_app; print(*current_app.tasks)"
    known = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "config.start_for_each_tenant" in known.split()


def test_every_job_has_a_tenant_or_is_listed():
    system = set()
    for name, job in current_app.tasks.items():
        if name.startswith("celery."):
            continue
        assert isinstance(job, TenantTask | SystemTask), f"{name} is neither a TenantTask nor a SystemTask."
        if isinstance(job, SystemTask):
            system.add(name)
    assert system == set(SYSTEM_JOBS)


def test_the_beat_starts_jobs_that_exist():
    for entry in current_app.conf.beat_schedule.values():
        assert entry["task"] in current_app.tasks
        assert set(entry.get("args", [])[:1]) <= set(current_app.tasks)


def test_duplicate_job_id_is_refused(acme):
    """Celery chooses the id of a task of a canvas: two jobs with one id would be one row."""
    key = str(uuid4())
    with tenant_context(acme):
        samples.note_label.apply_async(("one",), task_id=key)
        with pytest.raises(Exception, match="duplicate key"), transaction.atomic():
            samples.note_label.apply_async(("two",), task_id=key)
