"""Controls of resources that slow clients and many requests must not hold."""

from tests.mutants.controls import Mutant, off

APPLICATION, BODIES = "config/application.py", "config/bodies.py"
FAIRNESS, SLOW = "config/fairness.py", "config/slow_clients.py"
RECEIVING, TURNS, CLIENTS = (
    "tests/config/test_bodies.py",
    "tests/config/test_fairness.py",
    "tests/faults/test_slow_clients.py",
)
RUNNING = "tests/config/test_application.py"
LIMITS, ROLES = "tests/tenancy/test_limits.py", "tenancy/postgresql/roles.sql"

OF_SLOW_CLIENTS: tuple[Mutant, ...] = (
    off(
        "a connection goes back before the answer is sent",
        APPLICATION,
        "                response.close()\n        finally:\n            close_old_connections()\n",
        "                pass\n        finally:\n            pass\n",
        f"{CLIENTS}::test_slow_clients_do_not_delay_another_account",
    ),
    off(
        "a connection returns after each chunk of a streamed response",
        APPLICATION,
        "        finally:\n            close_old_connections()\n\n    while",
        "        finally:\n            pass\n\n    while",
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
        "            await sender.share.take(held)\n",
        "",
        f"{TURNS}::test_tenants_have_separate_shares_of_the_slots",
    ),
    off(
        "an address has half of them while its tenants are not known",
        FAIRNESS,
        "return self.unresolved.setdefault(client, self._slots(self.share))",
        "return self._slots(self.share)",
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
        "no thread of the pool waits for a slot",
        FAIRNESS,
        "                return WaitForTurn(key)\n",
        "                asyncio.run_coroutine_threadsafe(turn.take(key), turn._clock.__self__).result()\n",
        f"{RUNNING}::test_no_thread_of_the_pool_waits_for_a_slot",
    ),
    off(
        "a slot belongs to the tenant that is found last",
        FAIRNESS,
        "return self._key == key",
        "return True",
        f"{RUNNING}::test_request_resolved_to_another_tenant_waits_for_a_slot_of_that_tenant",
    ),
    off(
        "a disconnected client keeps its slot until its thread has ended",
        FAIRNESS,
        "turn.leave()",
        "turn.end()",
        f"{RUNNING}::test_disconnected_client_keeps_its_slot_until_its_thread_has_ended",
    ),
    off(
        "no view runs for a client that has disconnected",
        FAIRNESS,
        "            self._waiting.cancel()\n\n",
        "            pass\n\n",
        f"{RUNNING}::test_no_view_runs_for_a_client_that_disconnects_while_it_waits",
    ),
    off(
        "an upload takes no thread of the pool",
        APPLICATION,
        "self._answer(scope, arriving, send, thread)",
        "self._answer(scope, arriving, send, self._threads)",
        f"{RUNNING}::test_upload_runs_in_a_separate_thread",
    ),
    off(
        "healthz takes no thread of the pool",
        APPLICATION,
        'scope["path"] == LIVES',
        "False",
        f"{RUNNING}::test_healthz_is_answered_while_all_threads_are_busy",
    ),
    off(
        "readyz takes no thread of the pool",
        APPLICATION,
        'self._probe if scope["path"] == SERVES else self._threads',
        "self._threads",
        f"{RUNNING}::test_readyz_has_a_thread_of_its_own_while_all_threads_are_busy",
    ),
    off(
        "a request to S3 holds no connection",
        "tenancy/storage.py",
        'register("before-call.s3", _return_connections)',
        'register("before-call.none", _return_connections)',
        "tests/faults/test_storage.py::test_slow_storage_of_two_accounts_takes_no_connection_from_others",
    ),
    off(
        "a request costs one hop",
        APPLICATION,
        "                await self.send_response(response, send)\n        finally:",
        "                await self.send_response(response, send)\n"
        "                await sync_to_async(response.close)()\n        finally:",
        "tests/config/test_hops.py::test_requests_stay_within_the_budget_of_crossings",
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
