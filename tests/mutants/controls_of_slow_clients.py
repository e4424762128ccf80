"""Controls of resources that slow clients and many requests must not hold."""

from tests.mutants.controls import Mutant, off

APPLICATION, BODIES = "config/application.py", "config/bodies.py"
FAIRNESS, SLOW = "config/fairness.py", "config/slow_clients.py"
RECEIVING, TURNS, CLIENTS = (
    "tests/config/test_bodies.py",
    "tests/config/test_fairness.py",
    "tests/faults/test_slow_clients.py",
)
LIMITS, ROLES = "tests/tenancy/test_limits.py", "tenancy/postgresql/roles.sql"

OF_SLOW_CLIENTS: tuple[Mutant, ...] = (
    off(
        "a connection goes back before the answer is sent",
        APPLICATION,
        "        finally:\n            close_old_connections()\n",
        "        finally:\n            pass\n",
        f"{CLIENTS}::test_slow_clients_do_not_delay_another_account",
    ),
    off(
        "a body has a limit before any view",
        BODIES,
        "            if size > most:\n",
        "            if False:\n",
        f"{RECEIVING}::test_body_of_unknown_length_is_refused_at_the_limit",
    ),
    off(
        "a body that says that it is too large is not read",
        BODIES,
        "    if size > most:\n        return WholeBody",
        "    if False:\n        return WholeBody",
        f"{RECEIVING}::test_body_declared_too_large_is_refused_before_reading",
    ),
    off(
        "a client has a limit of time",
        SLOW,
        "asyncio.timeout(min(GRACE, GRACE + self._moved / RATE - self._waited))",
        "asyncio.timeout(None)",
        f"{RECEIVING}::test_a_body_takes_as_long_as_its_size_allows[1000-31.0-408]",
    ),
    off(
        "a place for an upload is one of the tenant's",
        BODIES,
        "key = str(tenant.pk) if tenant else self._turn.client",
        "key = self._turn.client",
        f"{RECEIVING}::test_body_slot_belongs_to_the_active_tenant",
    ),
    off(
        "a transaction does not wait for a client",
        BODIES,
        "if any(each.in_atomic_block",
        "if False and any(each.in_atomic_block",
        f"{RECEIVING}::test_a_body_is_not_read_in_a_transaction",
    ),
    off(
        "a turn does not wait for a client",
        BODIES,
        "        self._turn.give_back()\n",
        "",
        f"{RECEIVING}::test_worker_slot_is_free_while_the_client_sends",
    ),
    off(
        "a client that does not read is disconnected",
        SLOW,
        "                hang_up(send)  #",
        "                pass  #",
        "tests/config/test_slow_clients.py::test_client_that_does_not_read_is_disconnected_immediately",
    ),
    off(
        "a socket whose client does not read ends with its connection",
        SLOW,
        "        finally:\n            _hang_up_unless_read(send)\n",
        "        finally:\n            pass\n",
        "tests/accounts/live/test_faults.py::test_client_that_does_not_read_is_disconnected",
    ),
    off(
        "a sender of many requests gives way",
        FAIRNESS,
        "if sender.average > MANY:",
        "if False:",
        f"{TURNS}::test_flood_yields_to_other_senders_and_makes_progress",
    ),
    off(
        "a sender has half of the connections at most",
        FAIRNESS,
        "            await _acquire(sender.share, held)\n",
        "",
        f"{TURNS}::test_tenants_have_separate_shares_of_the_slots",
    ),
    off(
        "an address has half of them while its tenants are not known",
        FAIRNESS,
        "        await _acquire(self.unresolved.setdefault(client, asyncio.Semaphore(self.share)), held)\n",
        "        pass\n",
        f"{TURNS}::test_requests_before_tenant_resolution_get_half_of_the_slots",
    ),
    off(
        "turns are counted by tenant",
        FAIRNESS,
        'str(tenant.pk) if tenant else f"address {turn.client}"',
        'f"address {turn.client}"',
        f"{TURNS}::test_middleware_waits_for_the_slot_of_the_resolved_tenant",
    ),
    off(
        "statements of the application have a limit",
        ROLES,
        "SET statement_timeout = ''30s''",
        "SET statement_timeout = 0",
        f"{LIMITS}::test_each_role_has_its_limits[DATABASE_URL]",
        servers=True,
    ),
    off(
        "jobs may take longer",
        "tenancy/jobs.py",
        "with no_tenant(), long_work(settings.JOB_TIME_LIMIT):",
        "with no_tenant():",
        f"{LIMITS}::test_jobs_have_their_own_limits",
    ),
)
