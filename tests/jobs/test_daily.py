"""Daily jobs, which beat starts for every tenant at a local time."""

from datetime import time

import pytest
from django.utils import timezone

from config.jobs import start_for_each_tenant
from tenancy.daily import for_each_tenant
from tenancy.jobs import UnknownJob
from tenancy.outbox.models import OutboxJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokyo(acme):
    acme.time_zone = "Asia/Tokyo"  # nine hours ahead
    acme.save()
    return acme


@pytest.fixture
def kathmandu(globex):
    globex.time_zone = "Asia/Kathmandu"  # UTC+5:45
    globex.save()
    return globex


def started():
    """Return the jobs that were started since the last call: {tenant: day}."""
    jobs = {job.tenant_id: job.kwargs.get("day") for job in OutboxJob.objects.all()}
    OutboxJob.objects.all().delete()
    return jobs


def test_daily_job_runs_in_the_morning_of_each_tenant(at, tokyo, kathmandu):
    at("2026-03-01 22:59")
    assert for_each_tenant("samples.daily", daily_at=time(8)) == 0
    at("2026-03-01 23:00")  # 08:00 on the next day in Tokyo
    assert for_each_tenant("samples.daily", daily_at=time(8)) == 1
    assert started() == {tokyo.pk: "2026-03-02"}
    at("2026-03-02 02:15")
    assert for_each_tenant("samples.daily", daily_at=time(8)) == 1
    assert started() == {kathmandu.pk: "2026-03-02"}


def test_daily_job_runs_once_a_day(at, tokyo):
    for moment in ("2026-03-01 23:00", "2026-03-01 23:05", "2026-03-02 14:59"):
        at(moment)
        for_each_tenant("samples.daily", daily_at=time(8))
    assert OutboxJob.objects.count() == 1
    at("2026-03-02 23:00")
    for_each_tenant("samples.daily", daily_at=time(8))
    assert OutboxJob.objects.count() == 2


def test_missed_morning_run_is_made_up_for(at, tokyo):
    at("2026-03-02 12:34")
    for_each_tenant("samples.daily", daily_at=time(8))
    assert started() == {tokyo.pk: "2026-03-02"}


def test_two_daily_jobs_are_independent(at, tokyo):
    at("2026-03-02 12:34")
    for name in ("samples.daily", "samples.note"):
        assert for_each_tenant(name, daily_at=time(8)) == 1


def test_daily_job_without_an_hour_runs_at_each_call(acme, globex):
    for _ in range(2):
        start_for_each_tenant("samples.note")
        assert started() == {acme.pk: None, globex.pk: None}


def test_a_suspended_tenant_is_left_out(acme, globex):
    type(acme).objects.filter(pk=acme.pk).update(suspended_at=timezone.now())
    assert for_each_tenant("samples.note") == 1
    assert started() == {globex.pk: None}


def test_job_runs_for_tenants_on_all_pages(monkeypatch, acme, globex):
    monkeypatch.setattr("tenancy.daily.PAGE", 1)
    assert for_each_tenant("samples.note") == 2


def test_unknown_job_is_refused_before_a_write(acme):
    for name in ("samples.nothing", "config.start_for_each_tenant", "celery.map"):
        with pytest.raises(UnknownJob):
            for_each_tenant(name, daily_at=time(0))
    assert not OutboxJob.objects.exists()


def test_unknown_time_zone_of_one_tenant_does_not_affect_others(at, tokyo, globex):
    type(globex).objects.filter(pk=globex.pk).update(time_zone="Mars/Olympus")
    at("2026-03-02 12:34")
    assert for_each_tenant("samples.daily", daily_at=time(8)) == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_starts_of_a_daily_job_run_it_once(at_once, acme):
    def ask():
        for_each_tenant("samples.daily", daily_at=time(0))

    assert at_once(ask, ask, ask) == []
    assert OutboxJob.objects.count() == 1
