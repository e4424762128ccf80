"""The controls of jobs: in whose name they run, and that each has one effect."""

from tests.mutants.controls import off

JOBS, OUTBOX, CELERY = "tenancy/jobs.py", "tenancy/outbox.py", "config/celery.py"
ASKING, WORKING = "tests/jobs/test_asking.py", "tests/jobs/test_working.py"
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
        f"{ASKING}::test_without_a_tenant_it_is_refused_at_once",
    ),
    off(
        "signatures remember their tenant",
        JOBS,
        'made.kwargs.setdefault("tenant_id", str(tenant.pk))',
        "pass",
        f"{ASKING}::test_a_chord_remembers_who_made_it",
    ),
    off(
        "a canvas passes its tenant on",
        JOBS,
        "        _pass_on(tenant_id, kept)\n",
        "",
        f"{ASKING}::test_a_canvas_made_elsewhere_gets_the_tenant_in_all_its_parts",
    ),
    off(
        "jobs of suspended tenants are dropped",
        JOBS,
        "            if tenant.suspended_at is None:\n                return tenant\n",
        "            return tenant\n",
        f"{WORKING}::test_jobs_of_a_tenant_that_is_gone_or_suspended_are_dropped",
    ),
    off(
        "a job begins with nobody's tenant",
        JOBS,
        "        with no_tenant():\n            return super().__call__(*args, **kwargs)",
        "        return super().__call__(*args, **kwargs)",
        f"{WORKING}::test_a_job_of_the_platform_has_no_tenant_even_after_one_that_left_its_own_active",
    ),
    off(
        "a message is worth nothing without its row in the outbox",
        JOBS,
        "        if attempt is None:\n",
        "        if attempt is None and False:\n",
        f"{WORKING}::test_a_message_that_is_not_in_the_outbox_does_nothing",
    ),
    off(
        "a message names the tenant of its row",
        OUTBOX,
        "filter(pk=job_id, name=name, tenant_id=tenant_id, failed_at=None)",
        "filter(pk=job_id, failed_at=None)",
        f"{WORKING}::test_a_message_that_is_not_in_the_outbox_does_nothing",
    ),
    off(
        "a job and the end of it are one transaction",
        JOBS,
        "        with transaction.atomic(durable=True):\n            if not outbox.lock",
        "        if True:\n            if not outbox.lock",
        f"{DEAD}::test_a_job_that_always_fails_becomes_a_dead_letter",
        f"{FAULTS}::test_a_job_whose_worker_is_killed_has_one_effect",
    ),
    off(
        "a job that fails is not tried for ever",
        JOBS,
        "        if attempt > self.max_retries:\n",
        "        if attempt > 1000:\n",
        f"{DEAD}::test_a_job_that_always_fails_becomes_a_dead_letter",
    ),
    off(
        "no tenant has more jobs in flight than it may",
        OUTBOX,
        "     WHERE due.place <= %(per_tenant)s\n",
        "",
        f"{FAULTS}::test_a_tenant_has_only_so_many_jobs_in_flight",
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
        JOBS,
        " if run.day < days[run.tenant_id]]",
        "]",
        f"{DAILY}::test_it_runs_once_a_day",
    ),
    off(
        "a worker refuses to start with the owner's connection",
        CELERY,
        "        raise SystemExit(str(error)) from error\n",
        "        raise\n",
        f"{RELAY}::test_none_of_them_starts_with_the_owners_connection",
    ),
)
