"""Faults of broker, relay and worker: no job is lost or has two effects, and no tenant delays another."""

import signal

import pytest

from tenancy.context import tenant_context
from tenancy.outbox import relaying, writing
from tenancy.outbox.models import OutboxJob
from tests.faults.private_redis import private_redis
from tests.jobs import samples

pytestmark = pytest.mark.django_db(transaction=True)


# Fault 3: Redis stopped, and started again empty ---------------------------------------------------------------------


def test_jobs_survive_the_loss_of_the_broker(jobs, acme, labels, outbox_is_empty, tmp_path):
    with private_redis(tmp_path) as redis:
        jobs.environment["BROKER_URL"] = redis.url
        # Long enough that no job is sent again as lost.
        relay = jobs.relay(JOB_SECONDS="600")
        with tenant_context(acme):
            samples.note_label.delay("sent and lost")
            jobs.wait_for(lambda: OutboxJob.objects.sent().count() == 1, "the job to be sent")
            redis.stop()
            samples.note_label.delay("written while it was away")
            jobs.wait_for(lambda: "outbox_waits" in jobs.said(), "the relay to notice")
        redis.start()
        jobs.worker()
        jobs.wait_for(outbox_is_empty, "both jobs")
        assert relay.poll() is None
    assert labels(acme) == ["sent and lost", "written while it was away"]


def test_a_broker_that_hangs_does_not_hold_the_relay(jobs, acme, labels, outbox_is_empty, tmp_path):
    with private_redis(tmp_path) as redis:
        jobs.environment["BROKER_URL"] = redis.url
        relay = jobs.relay()
        with tenant_context(acme):
            samples.note_label.delay("before")
        jobs.wait_for(lambda: OutboxJob.objects.sent().count() == 1, "the job to be sent")
        redis.process.send_signal(signal.SIGSTOP)
        with tenant_context(acme):
            samples.note_label.delay("while it hangs")
        jobs.wait_for(lambda: "outbox_waits" in jobs.said(), "the relay to give up")
        redis.process.send_signal(signal.SIGCONT)
        jobs.wait_for(lambda: OutboxJob.objects.sent().count() == 2, "both to be sent")
        assert jobs.end(relay) == 0


# Fault 4: killed in the middle ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [False, True], ids=["its process", "the worker"])
def test_a_job_whose_worker_is_killed_has_one_effect(jobs, acme, labels, outbox_is_empty, tmp_path, whole):
    jobs.relay()
    worker = jobs.worker(concurrency=1)
    with tenant_context(acme):
        samples.kill_worker.delay(str(tmp_path / "killed"), "once", whole)
    if whole:
        assert worker.wait(timeout=60) == -signal.SIGKILL
        assert labels(acme) == []
        jobs.worker(concurrency=1)
    jobs.wait_for(outbox_is_empty, "the job to be done by another worker")
    assert labels(acme) == ["once"]
    assert (tmp_path / "killed").exists()


def test_job_sent_twice_by_a_killed_relay_runs_once(jobs, acme, labels, outbox_is_empty):
    with tenant_context(acme):
        samples.note_label.delay("once")
    assert relaying.relay() == 1
    OutboxJob.objects.update(sent_at=None)  # as after a rollback
    assert relaying.relay() == 1
    jobs.worker(concurrency=2)
    jobs.wait_for(outbox_is_empty, "the job")
    jobs.wait_for(lambda: "job_not_in_outbox" in jobs.said() or "job_done_meanwhile" in jobs.said(), "the second")
    assert labels(acme) == ["once"]


# Fault 8: asked to end while there is work ---------------------------------------------------------------------------


def test_no_job_is_lost_when_worker_and_relay_are_asked_to_end(jobs, acme, labels, outbox_is_empty):
    names = [f"{number:03}" for number in range(60)]
    relay, worker = jobs.relay(), jobs.worker()
    with tenant_context(acme):
        for name in names:
            samples.slow.delay(name, 0.05)
    jobs.wait_for(lambda: labels(acme), "the first jobs")
    assert jobs.end(worker) == 0
    assert jobs.end(relay) == 0
    assert not outbox_is_empty()
    jobs.relay()
    jobs.worker()
    jobs.wait_for(outbox_is_empty, "the rest")
    assert labels(acme) == names


# Fault 11: one tenant floods -----------------------------------------------------------------------------------------


def test_a_tenant_with_five_thousand_jobs_does_not_hold_up_another(working, acme, globex, labels):
    """benchmarks/ measure the delay; this test checks that the job does not wait for the five thousand."""
    with tenant_context(acme):
        rows = [
            writing.make_row(name="samples.slow", tenant_id=acme.pk, args=[f"{number}", 0.05], kwargs={}, options={})
            for number in range(5000)
        ]
        OutboxJob.objects.bulk_create(rows)
    working.wait_for(lambda: labels(acme), "the flood to begin")
    with tenant_context(globex):
        samples.note_label.delay("the one")
    working.wait_for(lambda: labels(globex) == ["the one"], "the one")
    assert OutboxJob.objects.filter(tenant_id=acme.pk).count() > 4500
    OutboxJob.objects.all().delete()
