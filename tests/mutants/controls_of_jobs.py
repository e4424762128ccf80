"""Controls of jobs: their tenant, one effect per job, and fairness between tenants."""

from tests.mutants.controls import off

JOBS, DAYS, CELERY = "tenancy/jobs.py", "tenancy/daily.py", "config/celery.py"
OUTBOX, RELAYING = "tenancy/outbox/working.py", "tenancy/outbox/relaying.py"
ENQUEUE, WORKER = "tests/jobs/test_enqueue.py", "tests/jobs/test_worker.py"
FAULTS, DEAD, DAILY, RELAY = (
    "tests/jobs/test_faults.py",
    "tests/jobs/test_dead_letters.py",
    "tests/jobs/test_daily.py",
    "tests/jobs/test_relay.py",
)

OF_JOBS = (
    off(
        "a job is refused without a tenant",
        JOBS,
        "        tenant_id: UUID = require_active_tenant().pk\n        return tenant_id\n",
        "        return UUID(int=0)\n",
        f"{ENQUEUE}::test_enqueue_without_a_tenant_raises",
    ),
    off(
        "signatures remember their tenant",
        JOBS,
        'made["kwargs"] = {"tenant_id": str(tenant.pk), **made.kwargs}',
        "pass",
        f"{ENQUEUE}::test_chord_callback_runs_for_the_tenant_that_created_it",
    ),
    off(
        "a canvas passes its tenant on",
        JOBS,
        "        _pass_on(tenant_id, job.options)\n",
        "",
        f"{ENQUEUE}::test_a_canvas_made_elsewhere_gets_the_tenant_in_all_its_parts",
    ),
    off(
        "jobs of suspended tenants are dropped",
        JOBS,
        "if tenant.suspended_at is None or (self.also_closing and tenant.is_closing):",
        "if True:",
        f"{WORKER}::test_jobs_of_a_tenant_that_is_gone_or_suspended_are_dropped",
    ),
    off(
        "a job begins without a tenant",
        JOBS,
        "with no_tenant(), long_work(settings.JOB_TIME_LIMIT):",
        "with long_work(settings.JOB_TIME_LIMIT):",
        f"{WORKER}::test_platform_job_has_no_tenant_after_a_job_left_one_active",
    ),
    off(
        "a message is worth nothing before the relay has sent it",
        OUTBOX,
        "        if job is None or job.sent_at is None:\n",
        "        if job is None:\n",
        f"{WORKER}::test_a_message_that_is_not_in_the_outbox_does_nothing",
    ),
    off(
        "a message names the tenant of its row",
        OUTBOX,
        "select_for_update().filter(pk=job_id, name=name, tenant_id=tenant_id)",
        "select_for_update().filter(pk=job_id, name=name)",
        f"{WORKER}::test_message_runs_a_sent_job_of_its_tenant_and_name_only",
    ),
    off(
        "a message names the job of its row",
        OUTBOX,
        "select_for_update().filter(pk=job_id, name=name, tenant_id=tenant_id)",
        "select_for_update().filter(pk=job_id, tenant_id=tenant_id)",
        f"{WORKER}::test_message_runs_a_sent_job_of_its_tenant_and_name_only",
    ),
    off(
        "a worker whose checks could not run does not start",
        CELERY,
        "    except Exception as error:\n",
        "    except PermissionError as error:\n",
        f"{RELAY}::test_programs_end_with_an_error_while_the_database_is_unavailable",
    ),
    off(
        "a job and the end of it are one transaction",
        JOBS,
        "        with self._transaction(durable=True):\n            if not working.lock(job.pk)",
        "        if True:\n            if not self.name",
        f"{DEAD}::test_a_job_that_always_fails_becomes_a_dead_letter",
        f"{FAULTS}::test_a_job_whose_worker_is_killed_has_one_effect",
    ),
    off(
        "a message does not say what a job is given",
        JOBS,
        "            result = self.run(*job.args, **job.kwargs)\n            if not self._goes_on() and",
        "            result = self.run(*self.request.args)\n            if not self._goes_on() and",
        f"{WORKER}::test_arguments_of_a_job_are_read_from_the_outbox",
    ),
    off(
        "a message takes away no job of another tenant",
        OUTBOX,
        "    OutboxJob.objects.filter(pk=job_id, name=name, tenant_id=tenant_id).delete()\n",
        "    OutboxJob.objects.filter(pk=job_id).delete()\n",
        f"{WORKER}::test_message_of_a_deleted_tenant_does_not_remove_jobs_of_others",
    ),
    off(
        "a job that fails is not tried for ever",
        JOBS,
        "        if job.attempts > self.max_retries:\n",
        "        if job.attempts > 1000:\n",
        f"{DEAD}::test_a_job_that_always_fails_becomes_a_dead_letter",
    ),
    off(
        "no tenant has more jobs in flight than it may",
        RELAYING,
        "     WHERE due.place <= %(per_tenant)s\n",
        "",
        f"{RELAY}::test_jobs_in_flight_of_a_tenant_are_limited",
    ),
    off(
        "dead letters do not quote a tenant's data",
        JOBS,
        "    name = type(error).__name__\n",
        "    name = repr(error)\n",
        f"{DEAD}::test_a_job_that_always_fails_becomes_a_dead_letter",
    ),
    off(
        "a daily job runs once a day",
        DAYS,
        " if run.day < days[run.tenant_id]]",
        "]",
        f"{DAILY}::test_daily_job_runs_once_a_day",
    ),
    off(
        "a worker refuses to start with the owner's connection",
        CELERY,
        '        raise SystemExit(f"Not started, {type(error).__name__}: {error}") from error\n',
        "        raise\n",
        f"{RELAY}::test_programs_refuse_to_start_with_the_owners_connection[worker]",  # beat would be waited for too
    ),
)
