"""Celery jobs that belong to a tenant.

    # tasks/jobs.py
    @shared_task(base=TenantTask, name="tasks.remind")
    def remind(task_id: str) -> None: ...       # runs with its tenant active, in one transaction

    # in an action, inside the transaction of the write
    enqueue("tasks.remind", task_id=task.pk)

Every message has the argument `tenant_id`: the caller sets it to the active tenant, and TenantTask reads it in the
worker. Nothing else activates a tenant there, so a job without a tenant does nothing.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, ClassVar, Never
from uuid import UUID

import structlog
from celery import Task, current_app, current_task
from celery.exceptions import Ignore, Reject, Retry
from celery.result import AsyncResult
from celery.utils.functional import maybe_list
from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import transaction
from django.utils import timezone

from tenancy import places
from tenancy.context import get_active_tenant, no_tenant, require_active_tenant, tenant_context
from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.outbox import working, writing
from tenancy.outbox.models import OutboxJob
from tenancy.outbox.relaying import TOLD
from tenancy.postgresql.cursors import long_work

logger = structlog.get_logger("tenancy.jobs")

# The options of `apply_async()` that the outbox stores: how a canvas continues.
KEPT = TOLD | {"chain", "chord", "link", "link_error"}
# Options that it does not store; they raise TypeError instead of being ignored.
REFUSED = frozenset(
    ("compression", "exchange", "expires", "queue", "routing_key", "serializer", "soft_time_limit", "time_limit")
)
TROUBLE_SECONDS = 1.0

# The job that this process runs: a call of the same job inside it is an ordinary call.
_at_work: ContextVar[str | None] = ContextVar("tenancy_job", default=None)


class UnknownJob(Exception):
    """No job has this name."""


class JobFailed(Exception):
    """The error as Celery gets it: type and place, without its text, which may quote data of the tenant."""


class _DoneAlready(Exception):
    """Another worker has finished the job; this attempt is rolled back."""


class SystemTask(Task[Any, Any]):
    """A job of the platform, without a tenant. Beat starts it; it may run twice or be lost."""

    abstract = True
    ignore_result = True
    reject_on_worker_lost = False  # beat will start it again

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with no_tenant(), long_work(settings.JOB_TIME_LIMIT):
            return super().__call__(*args, **kwargs)


class TenantTask(Task[Any, Any]):
    """A job that runs for one tenant. All ways to enqueue it write it into the outbox.

    `delay()` and `apply_async()` take the active tenant, or the one of `tenant_id=`, and raise NoActiveTenant without
    one. Chains, groups, chords, retries and etas keep it. The job of a deleted or suspended tenant is dropped.

    With `atomic`, the job is one transaction that also deletes its row of the outbox: it has exactly one effect in the
    database. Long jobs and jobs that show their progress set `atomic=False`. These, and jobs that other jobs follow in
    a canvas, may run twice when a worker is killed, so they must be idempotent.

    A job that raises is retried `max_retries` times with exponential backoff, starting at `default_retry_delay`
    seconds. Then it is a dead letter: see `manage.py deadletters`.
    """

    abstract = True
    atomic: ClassVar[bool] = True
    placed: ClassVar[bool] = True  # whether it writes content, and not rows of the control plane, if `atomic`
    also_closing: ClassVar[bool] = False  # whether it also runs for a tenant that is being deleted
    max_retries: int = 5
    default_retry_delay = 5
    typing = False  # `tenant_id` is not among the parameters; _check() looks at the others

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(cls.max_retries, int):
            raise TypeError(f"{cls.name}: max_retries is a number. Without a limit a job never becomes a dead letter.")
        if cls.__dict__.get("time_limit") or cls.__dict__.get("soft_time_limit"):
            raise TypeError(f"{cls.name}: JOB_SECONDS limits the time of all jobs, after which they are sent again.")

    # Enqueuing -------------------------------------------------------------------------------------------------------

    def apply_async(  # type: ignore[override]  # fewer options: those that the outbox keeps
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: str | None = None,
        *,
        eta: datetime | None = None,
        countdown: float | None = None,
        **options: Any,
    ) -> AsyncResult[Any]:
        """Write the job into the outbox, in this transaction. It runs after the commit, not before `eta`.

        Raises NoActiveTenant; TypeError for arguments that the job does not take and for options that the outbox
        does not store; ValueError for an invalid `tenant_id`, and for arguments that are longer than ids.
        """
        if unknown := sorted(REFUSED & {name for name, value in options.items() if value is not None}):
            raise TypeError(f"{self.name}: the outbox does not keep {', '.join(unknown)}.")
        arguments = dict(kwargs or {})
        tenant_id = _tenant_id(arguments.pop("tenant_id", None))
        kept = {name: value for name, value in options.items() if name in KEPT and value is not None}
        kept.setdefault("ignore_result", bool(self.ignore_result))
        job = writing.make_row(name=self.name, tenant_id=tenant_id, args=args or (), kwargs=arguments, options=kept)
        if get_active_tenant() is not None or not current_task:  # and not Celery, for the next job of a canvas
            self._check(args or (), arguments)
            writing.require_ids(job)
        _pass_on(tenant_id, job.options)
        if task_id is not None:
            job.pk = UUID(task_id)
        if countdown is not None:
            eta = timezone.now() + timedelta(seconds=countdown)
        if eta is not None:
            job.not_before = eta
        job.save(force_insert=True)
        return self.AsyncResult(str(job.pk))

    def signature(self, *args: Any, **kwargs: Any) -> Any:
        """Return a signature with the active tenant, if there is one."""
        made = super().signature(*args, **kwargs)
        if (tenant := get_active_tenant()) is not None:
            made["kwargs"] = {"tenant_id": str(tenant.pk), **made.kwargs}
        return made

    subtask = signature

    def _check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.__header__(*args, **kwargs)  # type: ignore[attr-defined]  # Celery's: takes what the job takes

    def _refuse(self, *args: Any, **kwargs: Any) -> Never:
        """Replace the methods that bypass the outbox. Raises TypeError."""
        raise TypeError(f"{self.name}: this goes past the outbox. Use delay(), or a group of signatures.")

    apply = chunks = map = starmap = replace = add_to_chord = _refuse

    # Running ---------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, tenant_id: str | None = None, **kwargs: Any) -> Any:
        """Run the job: in a worker from its row, otherwise directly for `tenant_id` or the active tenant."""
        if self.request.called_directly or self.request.id == _at_work.get():
            tenant = require_active_tenant() if tenant_id is None else _find(tenant_id)
            with tenant_context(tenant), self._transaction() if self.atomic else nullcontext():
                return super().__call__(*args, **kwargs)
        job_id, token = UUID(self.request.id), _at_work.set(self.request.id)
        try:
            with no_tenant(), structlog.contextvars.bound_contextvars(job=self.name, job_id=str(job_id)):
                tenant = self._tenant(job_id, tenant_id)
                with tenant_context(tenant), long_work(settings.JOB_TIME_LIMIT):
                    return self._attempt(job_id, tenant)
        except AnyDatabaseError as error:  # of this method: _attempt() handles those of the job
            logger.warning("job_waits", error=type(error).__name__)
            time.sleep(TROUBLE_SECONDS)
            raise Reject(requeue=True) from None
        finally:
            _at_work.reset(token)

    def _tenant(self, job_id: UUID, tenant_id: str | None) -> AbstractTenant:
        """Return the tenant of a message. Otherwise raises Reject, or drops the job and raises Ignore."""
        try:
            tenant = _find(tenant_id)
        except (TypeError, ValueError, AttributeError):
            logger.error("job_rejected", reason="it names no tenant")
            raise Reject(requeue=False) from None
        except get_tenant_model().DoesNotExist:
            reason = "its tenant is gone"
        else:
            if tenant.suspended_at is None or (self.also_closing and tenant.is_closing):
                return tenant
            reason = "its tenant is suspended"
        working.drop(job_id, name=self.name, tenant_id=UUID(str(tenant_id)))
        logger.warning("job_dropped", reason=reason, tenant_id=tenant_id)
        raise Ignore

    def _attempt(self, job_id: UUID, tenant: AbstractTenant) -> Any:
        job = working.begin(job_id, name=self.name, tenant_id=tenant.pk)
        if job is None:
            logger.warning("job_not_in_outbox")  # delivered twice, or a forged message
            raise Ignore
        if job.attempts > self.max_retries + 1:  # no attempt has ended: its worker was killed each time
            what = "its worker was killed each time"
            working.bury(job_id, error=what)
            raise JobFailed(what)
        # Arguments and canvas come from the row, so a compromised broker cannot change them.
        self.request.chain, self.request.chord = job.options.get("chain"), job.options.get("chord")
        self.request.callbacks = maybe_list(job.options.get("link"))
        self.request.errbacks = maybe_list(job.options.get("link_error"))
        try:
            return self._run(job)
        except _DoneAlready:
            logger.info("job_done_meanwhile")
            raise Ignore from None
        except Ignore:
            working.finish(job_id)
            raise
        except Retry as retry:
            self._fail(job, retry.exc or retry, when=_as_time(retry.when))
        except Exception as error:  # noqa: BLE001  # every error leads to a retry or a dead letter
            self._fail(job, error)

    def _run(self, job: OutboxJob) -> Any:
        if not self.atomic:
            result = self.run(*job.args, **job.kwargs)
            if not self._goes_on():
                working.finish(job.pk)
            return result
        with self._transaction(durable=True):
            if not working.lock(job.pk):
                raise _DoneAlready
            result = self.run(*job.args, **job.kwargs)
            if not self._goes_on() and not working.finish(job.pk):
                raise _DoneAlready
        return result

    def _transaction(self, *, durable: bool = False) -> AbstractContextManager[None]:
        return places.atomic(durable=durable) if self.placed else transaction.atomic(durable=durable)

    def _goes_on(self) -> bool:
        """Return whether other jobs follow. Celery enqueues them after this one has returned."""
        return bool(self.request.callbacks or self.request.chain or self.request.chord)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        if self._goes_on():
            working.finish(UUID(task_id))

    def _fail(self, job: OutboxJob, error: Exception, when: datetime | None = None) -> Never:
        """Schedule a retry, or make the job a dead letter. Raises Retry or JobFailed for Celery."""
        what = _describe(error)
        if not isinstance(error, Retry):
            logger.warning("job_failed", attempt=job.attempts, exc_info=error)  # logged with the tenant
        if job.attempts > self.max_retries:
            working.bury(job.pk, error=what)
            logger.error("job_dead", error=what, attempts=job.attempts)
            raise JobFailed(what) from None
        until = when or timezone.now() + working.pause_before(job.attempts, base=self.default_retry_delay)
        working.postpone(job.pk, until=until, error=what)
        raise Retry(exc=JobFailed(what), when=until) from None

    def retry(  # type: ignore[override]
        self, *, exc: Exception | None = None, eta: datetime | None = None, countdown: float | None = None
    ) -> Never:
        """Stop, and schedule a retry at `eta` or after `countdown` seconds. Raises Retry."""
        raise Retry(exc=exc, when=eta if countdown is None else timezone.now() + timedelta(seconds=countdown))


def enqueue(name: str, /, **arguments: Any) -> UUID:
    """Enqueue the job `name` for the active tenant and return its id. It runs after the commit of this transaction.

    `arguments` are ids: UUIDs, numbers, short codes. The job reads other data when it runs. Raises NoActiveTenant,
    UnknownJob, and TypeError for arguments that the job does not take.
    """
    return UUID(require_job(name).delay(**arguments).id)


def require_job(name: str) -> TenantTask:
    """Return the TenantTask of that name. Raises UnknownJob."""
    job = current_app.tasks.get(name)
    if not isinstance(job, TenantTask):
        raise UnknownJob(f"There is no job {name!r}. Jobs are the TenantTasks in the `jobs` module of an app.")
    return job


def _tenant_id(named: object) -> UUID:
    if named is None:
        tenant_id: UUID = require_active_tenant().pk
        return tenant_id
    return named if isinstance(named, UUID) else UUID(str(named))


def _find(tenant_id: object) -> AbstractTenant:
    """Return the current row of a tenant, suspended or not. Raises ValueError, DoesNotExist."""
    return get_tenant_model()._default_manager.get(pk=UUID(str(tenant_id)))


def _pass_on(tenant_id: UUID, value: Any) -> None:
    """Set the tenant of all signatures in `value`, options of a row, that have none."""
    if isinstance(value, dict):
        if isinstance(current_app.tasks.get(str(value.get("task"))), TenantTask):
            value["kwargs"].setdefault("tenant_id", str(tenant_id))
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            _pass_on(tenant_id, each)


def _as_time(when: Any) -> datetime | None:
    """Return `when` of Celery's Retry, a time or a number of seconds, as a time."""
    if when is None or isinstance(when, datetime):
        return when
    return timezone.now() + timedelta(seconds=float(when))


def _describe(error: Exception) -> str:
    """Return type and place of an error."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    name = type(error).__name__
    return f"{name} in {frame.tb_frame.f_code.co_qualname}, line {frame.tb_lineno}" if frame else name
