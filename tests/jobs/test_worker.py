"""A real worker and a real relay: each job runs for its tenant and has one effect."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from celery import chain, chord, current_app, group
from django.utils import timezone

from projects.models import Label
from tenancy.context import tenant_context
from tenancy.jobs import enqueue
from tenancy.outbox.models import OutboxJob
from tenancy.outbox.writing import make_row
from tests.jobs import samples

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_runs_for_its_tenant(working, acme, globex, labels, outbox_is_empty):
    with tenant_context(acme):
        enqueue("samples.note", name="ours")
    with tenant_context(globex):
        samples.note_label.delay("theirs")
    working.wait_for(outbox_is_empty, "both jobs")
    assert (labels(acme), labels(globex)) == (["ours"], ["theirs"])


def test_canvases_of_two_tenants_on_one_worker_are_isolated(working, acme, globex, labels, outbox_is_empty, tmp_path):
    """Attack 41."""
    for tenant in (acme, globex):
        slug = tenant.slug
        with tenant_context(tenant):
            one, two = samples.note_label.si(f"chain 1 {slug}"), samples.note_label.si(f"chain 2 {slug}")
            chain(one, two).delay()
            group(samples.note_label.si(f"group {number} {slug}") for number in range(3)).delay()
            header = [samples.note_with_result.si(f"chord {number} {slug}") for number in range(3)]
            chord(header)(samples.note_results.s(f"chord {slug}"))
            samples.give_up_once.delay(str(tmp_path / f"retry {slug}"))
            samples.fail_once.delay(str(tmp_path / f"failed {slug}"))
            samples.note_label.apply_async((f"later {slug}",), countdown=1)
            samples.note_with_result.apply_async(
                (f"linked {slug}",), link=samples.note_results.s(f"link {slug}"), ignore_result=False
            )
    # Each job of a chain enqueues the next one before its row is deleted, so an empty outbox means done.
    working.wait_for(outbox_is_empty, "all jobs")
    for tenant in (acme, globex):
        slug = tenant.slug
        expected = [f"chain {number} {slug}" for number in (1, 2)]
        expected += [f"{kind} {number} {slug}" for kind in ("group", "chord") for number in range(3)]
        expected += [f"chord {slug} after {slug}", f"failed {slug}", f"later {slug}", f"retry {slug}"]
        expected += [f"link {slug} after {slug}", f"linked {slug}"]
        working.wait_for(lambda: len(labels(tenant)) >= len(expected), "the chord")  # noqa: B023
        assert labels(tenant) == sorted(expected)


def test_tenant_left_active_by_a_job_does_not_affect_the_next_job(
    jobs, acme, globex, labels, outbox_is_empty, tmp_path
):
    jobs.relay()
    jobs.worker(concurrency=1)
    with tenant_context(acme):
        samples.leave_active.delay(str(globex.pk))
    jobs.wait_for(outbox_is_empty, "the job")
    seen = tmp_path / "seen"
    samples.look_around.delay(str(seen))
    jobs.wait_for(lambda: seen.exists() and seen.read_text(), "the job of the platform")
    assert seen.read_text() == "None"
    with tenant_context(acme):
        samples.note_label.delay("ours")
    jobs.wait_for(outbox_is_empty, "the job")
    assert (labels(acme), labels(globex)) == (["ours"], [])


def test_platform_job_has_no_tenant_after_a_job_left_one_active(jobs, acme, tmp_path):
    jobs.worker(concurrency=1)
    seen = tmp_path / "seen"
    samples.leave_active_for_all.delay(str(acme.pk))
    samples.look_around.delay(str(seen))
    jobs.wait_for(lambda: seen.exists() and seen.read_text(), "the second job")
    assert seen.read_text() == "None"


# Attack 40 ---------------------------------------------------------------------------------------------------------


def test_jobs_of_a_tenant_that_is_gone_or_suspended_are_dropped(working, acme, globex, labels, outbox_is_empty):
    with tenant_context(acme):
        samples.note_label.apply_async(("one",), countdown=1)
    with tenant_context(globex):
        samples.note_label.apply_async(("two",), countdown=1)
    type(acme).objects.filter(pk=acme.pk).update(suspended_at="2026-01-01T00:00Z")
    globex.delete()
    working.wait_for(outbox_is_empty, "both to be dropped")
    assert labels(acme) == []
    for reason in ("its tenant is suspended", "its tenant is gone"):
        working.wait_for(lambda: reason in working.said(), reason)  # noqa: B023


def test_messages_without_a_tenant_are_rejected(working, acme, labels):
    """An attacker with write access to the broker has no more access than an anonymous client."""
    current_app.send_task("samples.note", ["one"])
    for wrong in (None, "acme", 7):
        current_app.send_task("samples.note", ["one"], {"tenant_id": wrong})
    current_app.send_task("samples.note", ["one"], {"tenant_id": str(UUID(int=0))})
    working.wait_for(lambda: working.said().count("job_rejected") == 4, "four refusals")
    working.wait_for(lambda: "its tenant is gone" in working.said(), "the fifth")
    assert labels(acme) == []


def send(task_id=None, name="samples.note", **kwargs):
    """Put a message into the broker, as an attacker with write access does."""
    current_app.send_task(name, ["forged"], kwargs, task_id=task_id and str(task_id))


def test_a_message_that_is_not_in_the_outbox_does_nothing(working, acme, globex, labels):
    """A message cannot run the job of another tenant, another job, or a job before its time."""
    with tenant_context(globex):
        theirs = samples.note_label.apply_async(("theirs",), countdown=3600).id
    send(tenant_id=str(acme.pk))
    send(theirs, tenant_id=str(acme.pk))
    send(theirs, "samples.slow", tenant_id=str(globex.pk))
    send(theirs, tenant_id=str(globex.pk))
    working.wait_for(lambda: working.said().count("job_not_in_outbox") == 4, "four refusals")
    assert (labels(acme), labels(globex)) == ([], [])
    assert OutboxJob.objects.count() == 1


def test_message_runs_a_sent_job_of_its_tenant_and_name_only(working, acme, globex, labels):
    with tenant_context(globex):
        theirs = samples.note_label.apply_async(("theirs",), countdown=3600).id
    sent_at = timezone.now() + timedelta(hours=1)  # otherwise the relay would send it again as lost
    OutboxJob.objects.filter(pk=theirs).update(sent_at=sent_at)
    send(theirs, tenant_id=str(acme.pk))
    send(theirs, "samples.note_with_result", tenant_id=str(globex.pk))
    working.wait_for(lambda: working.said().count("job_not_in_outbox") == 2, "two refusals")
    assert (labels(acme), labels(globex)) == ([], [])
    assert OutboxJob.objects.get().attempts == 0


def test_message_of_a_deleted_tenant_does_not_remove_jobs_of_others(working, acme):
    with tenant_context(acme):
        ours = samples.note_label.apply_async(("ours",), countdown=3600).id
    send(ours, tenant_id=str(UUID(int=0)))
    working.wait_for(lambda: "its tenant is gone" in working.said(), "the refusal")
    assert OutboxJob.objects.filter(pk=ours).exists()


def test_arguments_of_a_job_are_read_from_the_outbox(working, acme, labels, outbox_is_empty):
    with tenant_context(acme):
        ours = samples.note_label.delay("ours").id
        OutboxJob.objects.filter(pk=ours).update(sent_at=timezone.now())
    send(ours, tenant_id=str(acme.pk))
    working.wait_for(outbox_is_empty, "the job")
    assert labels(acme) == ["ours"]


def test_eager_flag_in_a_message_is_ignored(working, acme, labels):
    """Celery trusts the options beside the arguments of a message."""
    body = ([], {"tenant_id": str(acme.pk), "name": "forged"}, {"is_eager": True, "called_directly": True})
    headers = {
        "lang": "py",
        "task": "samples.note",
        "id": str(uuid4()),
        "root_id": None,
        "parent_id": None,
        "group": None,
    }
    with current_app.producer_or_acquire() as producer:
        queue = current_app.conf.task_default_queue
        producer.publish(body, routing_key=queue, headers=headers, correlation_id=headers["id"], serializer="json")
    working.wait_for(lambda: "job_not_in_outbox" in working.said(), "the refusal")
    assert labels(acme) == []


def test_job_with_an_unknown_name_becomes_a_dead_letter(working, acme):
    row = make_row(name="samples.gone_with_the_last_release", tenant_id=acme.pk, kwargs={}, options={})
    row.save()
    dead = working.wait_for(lambda: OutboxJob.objects.dead().first(), "the dead letter")
    assert (dead.pk, dead.error) == (row.pk, "no worker knows it")


def test_a_job_may_call_itself(working, acme, labels, outbox_is_empty):
    with tenant_context(acme):
        samples.call_itself.delay(2)
    working.wait_for(outbox_is_empty, "the job")
    assert labels(acme) == ["call 0", "call 1", "call 2"]


def test_job_with_follow_up_jobs_is_one_transaction(working, acme, labels):
    with tenant_context(acme):
        chain(samples.fail.si("once"), samples.note_label.si("after")).delay()
    working.wait_for(lambda: OutboxJob.objects.dead().exists(), "the dead letter")
    assert labels(acme) == []


def test_an_id_of_another_tenant_is_absent(working, acme, globex, labels):
    with tenant_context(globex):
        label = Label.objects.create(name="theirs")
    with tenant_context(acme):
        samples.touch.apply_async((str(label.pk),))
    working.wait_for(lambda: OutboxJob.objects.exclude(error="").exists(), "the job to fail")
    assert OutboxJob.objects.get().error.startswith("DoesNotExist in ")
    assert labels(globex) == ["theirs"]
