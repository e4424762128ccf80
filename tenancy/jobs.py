"""Celery jobs that belong to a tenant.

    # tasks/jobs.py
    @shared_task(base=TenantTask, name="tasks.remind")
    def remind(task_id: str) -> None: ...       # runs with its tenant active, in one transaction

    # in an action, inside the transaction of the write
    outbox.enqueue("tasks.remind", task_id=task.pk)

The tenant is an argument of every message, `tenant_id`: taken from the active tenant by whoever asks for the job, and
consumed by TenantTask in the worker. Nothing is inherited there, so a job without a tenant does nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Never, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from celery import Task, current_app, shared_task
from celery.exceptions import Ignore, Reject, Retry
from celery.result import AsyncResult
from django.db import transaction
from django.utils import timezone

from tenancy import outbox
from tenancy.context import get_active_tenant, no_tenant, require_active_tenant, tenant_context
from tenancy.models import AbstractTenant, get_tenant_model

logger = structlog.get_logger("tenancy.jobs")

# What the outbox keeps of `apply_async()`'s options: how a canvas goes on, and how long a job may take.
KEPT = frozenset(
    (
        *("chain", "chord", "group_id", "group_index", "link", "link_error", "parent_id", "replaced_task_nesting"),
        *("root_id", "expires", "ignore_result", "priority", "shadow", "soft_time_limit", "time_limit"),
    )
)
PAGE = 1000


class _DoneAlready(Exception):
    """Somebody else has finished the job meanwhile; what this attempt did is taken back."""


class SystemTask(Task[Any, Any]):
    """A job of the platform, which belongs to no tenant: beat starts it, and it may run twice."""

    ignore_result = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with no_tenant():
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
    max_retries = 5
    default_retry_delay = 5
    typing = False  # `tenant_id` is not among the parameters; _check() looks at the others

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

        Raises NoActiveTenant; TypeError for arguments that the job does not take; ValueError for a `tenant_id` that is
        none, and for arguments that are longer than ids.
        """
        arguments = dict(kwargs or {})
        tenant_id = _tenant_id(arguments.pop("tenant_id", None))
        self._check(args or (), arguments)
        not_before = eta or (timezone.now() + timedelta(seconds=countdown) if countdown else None)
        kept = {name: value for name, value in options.items() if name in KEPT and value is not None}
        kept.setdefault("ignore_result", bool(self.ignore_result))
        _pass_on(tenant_id, kept)
        arguments["tenant_id"] = str(tenant_id)
        job = outbox.make_row(name=self.name, tenant_id=tenant_id, args=args or (), kwargs=arguments)
        job.options = outbox.as_json(kept)
        if task_id is not None:
            job.pk = UUID(task_id)
        if not_before is not None:
            job.not_before = not_before
        job.save(force_insert=True)
        return self.AsyncResult(str(job.pk))

    def signature(self, *args: Any, **kwargs: Any) -> Any:
        """Return a signature that remembers the tenant in whose name it was made, if any."""
        made = super().signature(*args, **kwargs)
        if (tenant := get_active_tenant()) is not None:
            made.kwargs.setdefault("tenant_id", str(tenant.pk))
        return made

    subtask = signature

    def _check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.__header__(*args, **kwargs)  # type: ignore[attr-defined]  # Celery's: takes what the job takes

    # Running it -----------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, tenant_id: str | None = None, **kwargs: Any) -> Any:
        """Run the job: in a worker as the outbox says, otherwise now, for `tenant_id` or the active tenant."""
        if self.request.called_directly or self.request.is_eager:
            tenant = require_active_tenant() if tenant_id is None else _find(tenant_id)
            with tenant_context(tenant), transaction.atomic():
                return super().__call__(*args, **kwargs)
        job_id = UUID(self.request.id)
        with no_tenant(), structlog.contextvars.bound_contextvars(job=self.name, job_id=str(job_id)):
            tenant = self._tenant(job_id, tenant_id)
            with tenant_context(tenant):
                return self._attempt(job_id, tenant, args, kwargs)

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
            if tenant.suspended_at is None:
                return tenant
            reason = "its tenant is suspended"
        logger.warning("job_dropped", reason=reason, tenant_id=tenant_id)
        outbox.finish(job_id)
        raise Ignore

    def _attempt(self, job_id: UUID, tenant: AbstractTenant, args: Any, kwargs: Any) -> Any:
        attempt = outbox.begin(job_id, name=self.name, tenant_id=tenant.pk)
        if attempt is None:
            logger.info("job_not_in_outbox")  # the broker has delivered it before, or somebody made it up
            raise Ignore
        if attempt > self.max_retries + 1:  # every time its worker was killed, or it would have been buried before
            outbox.bury(job_id, error="its worker was killed each time")
            raise Ignore
        try:
            return self._run(job_id, args, kwargs)
        except _DoneAlready:
            logger.info("job_done_meanwhile")
            raise Ignore from None
        except (Ignore, Reject):
            outbox.finish(job_id)
            raise
        except Retry as retry:
            self._fail(job_id, attempt, retry.exc or retry, when=cast("datetime | None", retry.when))
        except Exception as error:  # noqa: BLE001  # whatever it is, the job is tried again or buried
            self._fail(job_id, attempt, error)

    def _run(self, job_id: UUID, args: Any, kwargs: Any) -> Any:
        if not self.atomic or self._goes_on():
            result = self.run(*args, **kwargs)
            if not self._goes_on():
                outbox.finish(job_id)
            return result
        with transaction.atomic(durable=True):
            if not outbox.lock(job_id):
                raise _DoneAlready
            result = self.run(*args, **kwargs)
            if not outbox.finish(job_id):
                raise _DoneAlready
        return result

    def _goes_on(self) -> bool:
        """Say whether other jobs follow. Celery asks for those after this one has returned."""
        return bool(self.request.callbacks or self.request.chain or self.request.chord)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        if self._goes_on():
            outbox.finish(UUID(task_id))

    def _fail(self, job_id: UUID, attempt: int, error: Exception, when: datetime | None = None) -> Never:
        """Have the job tried again, or bury it. Raises what tells Celery so."""
        what = _describe(error)
        if attempt > self.max_retries:
            outbox.bury(job_id, error=what)
            logger.error("job_dead", error=what, attempts=attempt)
            raise error
        until = when or timezone.now() + outbox.pause_before(attempt, base=self.default_retry_delay)
        outbox.postpone(job_id, until=until, error=what)
        raise Retry(exc=error, when=until)

    def retry(  # type: ignore[override]
        self, *, exc: Exception | None = None, eta: datetime | None = None, countdown: float | None = None, **_: Any
    ) -> Never:
        """Give up for now and have the job tried again, at `eta` or after `countdown` seconds. Raises Retry."""
        if countdown is not None:
            eta = timezone.now() + timedelta(seconds=countdown)
        raise Retry(exc=exc, when=eta)


def _tenant_id(named: object) -> UUID:
    if named is None:
        tenant_id: UUID = require_active_tenant().pk
        return tenant_id
    return named if isinstance(named, UUID) else UUID(str(named))


def _find(tenant_id: object) -> AbstractTenant:
    """Return a tenant as it is now, suspended or not. Raises ValueError, DoesNotExist."""
    return get_tenant_model()._default_manager.get(pk=UUID(str(tenant_id)))


def _pass_on(tenant_id: UUID, value: Any) -> None:
    """Give the tenant to all signatures inside `value` that have none, such as those of a chain made elsewhere."""
    if isinstance(value, dict):
        if isinstance(current_app.tasks.get(str(value.get("task"))), TenantTask):
            value["kwargs"].setdefault("tenant_id", str(tenant_id))
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            _pass_on(tenant_id, each)


def _describe(error: Exception) -> str:
    """Return kind and place of an error and not its text, which may quote a tenant's data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    name = type(error).__name__
    return f"{name} in {frame.tb_frame.f_code.co_qualname}, line {frame.tb_lineno}" if frame else name


# Every tenant ------------------------------------------------------------------------------------------------------


def for_each_tenant(name: str, /, *, daily_at: time | None = None, **arguments: Any) -> int:
    """Have the job `name` run for every tenant that is not suspended, and return for how many.

    With `daily_at`, only for those whose clock shows that time or a later one and whose job has not run that day; it
    gets `day="2026-11-21"`, the date there. So beat may call this as often as it likes, and a day on which nothing ran
    for some hours is made up for.
    """
    tenants = get_tenant_model()._default_manager.filter(suspended_at=None).order_by("pk")
    number, last = 0, None
    while page := list((tenants.filter(pk__gt=last) if last else tenants)[:PAGE]):
        last = page[-1].pk
        with transaction.atomic():
            days = _due_today(name, page, daily_at) if daily_at else {tenant.pk: None for tenant in page}
            outbox.OutboxJob.objects.bulk_create(
                outbox.make_row(name=name, tenant_id=key, kwargs=_arguments(arguments, key, day))
                for key, day in days.items()
            )
        number += len(days)
    return number


def _arguments(arguments: Mapping[str, Any], tenant_id: UUID, day: date | None) -> dict[str, Any]:
    return {**arguments, **({"day": day.isoformat()} if day else {}), "tenant_id": str(tenant_id)}


def _due_today(name: str, tenants: Sequence[AbstractTenant], daily_at: time) -> dict[UUID, date]:
    """Return the tenants whose turn it is and their dates, and note that they had it."""
    clocks = {tenant.pk: timezone.now().astimezone(ZoneInfo(tenant.time_zone)) for tenant in tenants}
    days = {key: clock.date() for key, clock in clocks.items() if clock.time() >= daily_at}
    runs = outbox.DailyRun.objects.filter(job=name, tenant_id__in=days)
    never = [outbox.DailyRun(job=name, tenant_id=key, day=date.min) for key in days]
    outbox.DailyRun.objects.bulk_create(never, ignore_conflicts=True)
    # Locked: of two that ask at once, the second finds that it was done.
    due = [run for run in runs.select_for_update().order_by("tenant_id") if run.day < days[run.tenant_id]]
    for run in due:
        run.day = days[run.tenant_id]
    outbox.DailyRun.objects.bulk_update(due, ["day"])
    return {run.tenant_id: run.day for run in due}


@shared_task(base=SystemTask, name="tenancy.for_each_tenant")
def start_for_each_tenant(name: str, daily_at: str | None = None) -> None:
    """Have a job run for every tenant: `for_each_tenant()` for beat. `daily_at` is a time such as "08:00"."""
    for_each_tenant(name, daily_at=time.fromisoformat(daily_at) if daily_at else None)
