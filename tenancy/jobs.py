"""Celery jobs that belong to a tenant.

    # tasks/jobs.py
    @shared_task(base=TenantTask, name="tasks.remind")
    def remind(task_id: str) -> None: ...       # runs with its tenant active, in one transaction

    # in an action, inside the transaction of the write
    enqueue("tasks.remind", task_id=task.pk)

The tenant is an argument of every message, `tenant_id`: taken from the active tenant by whoever asks for the job, and
consumed by TenantTask in the worker. Nothing is inherited there, so a job without a tenant does nothing.
"""

import time
from collections.abc import Mapping, Sequence
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

from tenancy.context import get_active_tenant, no_tenant, require_active_tenant, tenant_context
from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.outbox import working, writing
from tenancy.outbox.models import OutboxJob
from tenancy.outbox.relaying import TOLD
from tenancy.postgresql.cursors import long_work

logger = structlog.get_logger("tenancy.jobs")

# What the outbox keeps of `apply_async()`'s options: how a canvas goes on.
KEPT = TOLD | {"chain", "chord", "link", "link_error"}
# What it cannot keep, and must not lose in silence.
REFUSED = frozenset(
    ("compression", "exchange", "expires", "queue", "routing_key", "serializer", "soft_time_limit", "time_limit")
)
TROUBLE_SECONDS = 1.0

# The job that this process is at: a call of the same job inside it is an ordinary call.
_at_work: ContextVar[str | None] = ContextVar("tenancy_job", default=None)


class UnknownJob(Exception):
    """No job has this name."""


class JobFailed(Exception):
    """What Celery is told of an error: its kind and place, and not its text, which may quote a tenant's data."""


class _DoneAlready(Exception):
    """Somebody else has finished the job meanwhile; what this attempt did is taken back."""


class SystemTask(Task[Any, Any]):
    """A job of the platform, which belongs to no tenant: beat starts it, and it may run twice, or be lost."""

    abstract = True
    ignore_result = True
    reject_on_worker_lost = False  # beat will start it again

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with no_tenant(), long_work(settings.JOB_TIME_LIMIT):
            return super().__call__(*args, **kwargs)


class TenantTask(Task[Any, Any]):
    """A job that runs for one tenant. It is written into the outbox, whichever way it is asked for.

    `delay()` and `apply_async()` take the active tenant, unless `tenant_id=` names another, and raise NoActiveTenant
    without one. Chains, groups, chords, retries and etas keep it. A job whose tenant is gone or suspended is dropped.

    With `atomic`, the job is one transaction, which also takes it out of the outbox: it has exactly one effect in the
    database. Jobs that take long, or want to show how far they are, set `atomic=False`: these, and those that others
    follow in a canvas, may run twice when a worker is killed, so a second run must change nothing.

    A job that raises is tried again `max_retries` times, after pauses that start with `default_retry_delay` seconds
    and double. Then it is a dead letter: see `manage.py deadletters`.
    """

    abstract = True
    atomic: ClassVar[bool] = True
    also_closing: ClassVar[bool] = False  # whether it also runs for a tenant that waits for being deleted
    max_retries: int = 5
    default_retry_delay = 5
    typing = False  # `tenant_id` is not among the parameters; _check() looks at the others

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(cls.max_retries, int):
            raise TypeError(f"{cls.name}: max_retries is a number. A job that never gives up is never seen to fail.")
        if cls.__dict__.get("time_limit") or cls.__dict__.get("soft_time_limit"):
            raise TypeError(f"{cls.name}: JOB_SECONDS says how long a job may take; later it is sent again.")

    # Asking for it --------------------------------------------------------------------------------------------------

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
        """Write the job into the outbox, in this transaction. It runs once that is committed, not before `eta`.

        Raises NoActiveTenant; TypeError for arguments that the job does not take and for options that the outbox
        cannot keep; ValueError for a `tenant_id` that is none, and for arguments that are longer than ids.
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
        """Return a signature that remembers the tenant in whose name it was made, if any."""
        made = super().signature(*args, **kwargs)
        if (tenant := get_active_tenant()) is not None:
            made["kwargs"] = {"tenant_id": str(tenant.pk), **made.kwargs}
        return made

    subtask = signature

    def _check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.__header__(*args, **kwargs)  # type: ignore[attr-defined]  # Celery's: takes what the job takes

    def _refuse(self, *args: Any, **kwargs: Any) -> Never:
        """Stand for what goes past the outbox. Raises TypeError."""
        raise TypeError(f"{self.name}: this goes past the outbox. Use delay(), or a group of signatures.")

    apply = chunks = map = starmap = replace = add_to_chord = _refuse

    # Running it -----------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, tenant_id: str | None = None, **kwargs: Any) -> Any:
        """Run the job: in a worker as the outbox says, otherwise now, for `tenant_id` or the active tenant."""
        if self.request.called_directly or self.request.id == _at_work.get():
            tenant = require_active_tenant() if tenant_id is None else _find(tenant_id)
            with tenant_context(tenant), transaction.atomic():
                return super().__call__(*args, **kwargs)
        job_id, token = UUID(self.request.id), _at_work.set(self.request.id)
        try:
            with no_tenant(), structlog.contextvars.bound_contextvars(job=self.name, job_id=str(job_id)):
                tenant = self._tenant(job_id, tenant_id)
                with tenant_context(tenant), long_work(settings.JOB_TIME_LIMIT):
                    return self._attempt(job_id, tenant)
        except AnyDatabaseError as error:  # of ours: what the job itself raises is dealt with
            logger.warning("job_waits", error=type(error).__name__)
            time.sleep(TROUBLE_SECONDS)
            raise Reject(requeue=True) from None
        finally:
            _at_work.reset(token)

    def _tenant(self, job_id: UUID, tenant_id: str | None) -> AbstractTenant:
        """Return the tenant of a message. Drops the job, or raises Reject, if there is none to work for."""
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
            logger.warning("job_not_in_outbox")  # the broker has delivered it before, or somebody made it up
            raise Ignore
        if job.attempts > self.max_retries + 1:  # every time its worker was killed, or it would be buried already
            what = "its worker was killed each time"
            working.bury(job_id, error=what)
            raise JobFailed(what)
        # The broker carries messages, and decides nothing: what the job is given and what follows it says the row.
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
        except Exception as error:  # noqa: BLE001  # whatever it is, the job is tried again or buried
            self._fail(job, error)

    def _run(self, job: OutboxJob) -> Any:
        if not self.atomic:
            result = self.run(*job.args, **job.kwargs)
            if not self._goes_on():
                working.finish(job.pk)
            return result
        with transaction.atomic(durable=True):
            if not working.lock(job.pk):
                raise _DoneAlready
            result = self.run(*job.args, **job.kwargs)
            if not self._goes_on() and not working.finish(job.pk):
                raise _DoneAlready
        return result

    def _goes_on(self) -> bool:
        """Say whether other jobs follow. Celery asks for those after this one has returned."""
        return bool(self.request.callbacks or self.request.chain or self.request.chord)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        if self._goes_on():
            working.finish(UUID(task_id))

    def _fail(self, job: OutboxJob, error: Exception, when: datetime | None = None) -> Never:
        """Have the job tried again, or bury it. Raises what tells Celery so."""
        what = _describe(error)
        if not isinstance(error, Retry):
            logger.warning("job_failed", attempt=job.attempts, exc_info=error)  # a line of this tenant's log
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
        """Give up for now and have the job tried again, at `eta` or after `countdown` seconds. Raises Retry."""
        raise Retry(exc=exc, when=eta if countdown is None else timezone.now() + timedelta(seconds=countdown))


def enqueue(name: str, /, **arguments: Any) -> UUID:
    """Have the job `name` run for the active tenant once this transaction is committed, and return its id.

    `arguments` are ids: UUIDs, numbers, short codes. What a job needs beside them it reads when it runs. Raises
    NoActiveTenant, UnknownJob, TypeError for arguments that the job does not take.
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
    """Return a tenant as it is now, suspended or not. Raises ValueError, DoesNotExist."""
    return get_tenant_model()._default_manager.get(pk=UUID(str(tenant_id)))


def _pass_on(tenant_id: UUID, value: Any) -> None:
    """Give the tenant to all signatures in `value`, a row's options, that have none, being made elsewhere."""
    if isinstance(value, dict):
        if isinstance(current_app.tasks.get(str(value.get("task"))), TenantTask):
            value["kwargs"].setdefault("tenant_id", str(tenant_id))
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            _pass_on(tenant_id, each)


def _as_time(when: Any) -> datetime | None:
    """Return what Celery's Retry calls `when`, which may be a number of seconds."""
    if when is None or isinstance(when, datetime):
        return when
    return timezone.now() + timedelta(seconds=float(when))


def _describe(error: Exception) -> str:
    """Return kind and place of an error."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    name = type(error).__name__
    return f"{name} in {frame.tb_frame.f_code.co_qualname}, line {frame.tb_lineno}" if frame else name
