"""Jobs for the tests. A worker knows them by `--include tests.jobs.samples`.

They create labels, so a test can check for which tenant a job ran.
"""

import os
import signal
import time
from uuid import UUID

from celery import shared_task

from projects.models import Label
from tenancy.context import activate, get_active_tenant
from tenancy.jobs import SystemTask, TenantTask
from tenancy.models import get_tenant_model


def note(text):
    Label.objects.create(name=text)


@shared_task(base=TenantTask, name="samples.note")
def note_label(name: str) -> str:
    note(name)
    return name


@shared_task(base=TenantTask, name="samples.note_time")
def note_time() -> None:
    """For the benchmark: record the time of the start."""
    note(f"started {time.time()}")


@shared_task(base=TenantTask, name="samples.note_with_result", ignore_result=False)
def note_with_result(name: str) -> str:
    """For the parts of a chord. The tenant is in the result, so that the next one can compare."""
    note(name)
    return f"{get_active_tenant().slug}:{name}"


@shared_task(base=TenantTask, name="samples.note_results")
def note_results(results: object, name: str) -> None:
    slugs = {result.split(":")[0] for result in ([results] if isinstance(results, str) else results)}
    note(f"{name} after {','.join(sorted(slugs))}")


@shared_task(base=TenantTask, name="samples.fail", max_retries=2, default_retry_delay=0.01)
def fail(name: str) -> None:
    """Write a row and fail: the row must be rolled back."""
    note(name)
    raise RuntimeError(f"Quotes {name}, which is a tenant's.")


@shared_task(base=TenantTask, name="samples.call_itself")
def call_itself(times: int) -> None:
    note(f"call {times}")
    if times:
        call_itself(times - 1)


@shared_task(base=TenantTask, name="samples.fail_once", bind=True, default_retry_delay=0.01)
def fail_once(self, name: str) -> None:
    if not os.path.exists(name):
        open(name, "x").close()
        raise RuntimeError("The first time.")
    note(os.path.basename(name))


@shared_task(base=TenantTask, name="samples.retry", bind=True)
def give_up_once(self, name: str) -> None:
    if not os.path.exists(name):
        open(name, "x").close()
        note("taken back")
        self.retry(countdown=0.01)
    note(os.path.basename(name))


@shared_task(base=TenantTask, name="samples.slow")
def slow(name: str, seconds: float) -> None:
    time.sleep(seconds)
    note(name)


@shared_task(base=TenantTask, name="samples.kill_worker")
def kill_worker(path: str, name: str, whole: bool) -> None:
    """Write, and kill the worker: its process for jobs, or with `whole` all of it. In the first attempt only."""
    note(name)
    if not os.path.exists(path):
        open(path, "x").close()
        if whole:
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


@shared_task(base=TenantTask, name="samples.kill_always", max_retries=1)
def kill_always() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(base=TenantTask, name="samples.leave_active")
def leave_active(tenant: str) -> None:
    """Leave a tenant active, which no job should do."""
    activate(get_tenant_model()._default_manager.get(pk=UUID(tenant)))


@shared_task(base=TenantTask, name="samples.touch")
def touch(label_id: str) -> None:
    """Rename a label by its id, of any tenant."""
    label = Label.objects.get(pk=label_id)
    label.name = "touched"
    label.save()


@shared_task(base=SystemTask, name="samples.leave_active_for_all")
def leave_active_for_all(tenant: str) -> None:
    """The same in a job of the platform."""
    activate(get_tenant_model()._default_manager.get(pk=UUID(tenant)))


@shared_task(base=SystemTask, name="samples.look_around")
def look_around(path: str) -> None:
    """Record the active tenant in a job of the platform."""
    with open(path, "w") as file:
        file.write(str(get_active_tenant()))


@shared_task(base=TenantTask, name="samples.daily")
def daily(day: str) -> None:
    note(day)
