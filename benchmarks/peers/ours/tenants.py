"""Creates tenants for `benchmarks.peers.filling`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.actions.accounts import create_account
from accounts.models import Account
from accounts.plans import Plan
from benchmarks.peers.rows import NewProject
from benchmarks.requests import log_in as client_of
from projects import ranks
from projects.models import Category, Project, Status
from tasks.models import Subtask, Task
from tasks.testdata.loading import FIELDS, new_id
from tenancy.postgresql.bulk import bulk_load

LOADED = {model: FIELDS[model] for model in (Project, Status, Task, Subtask)}


def create_tenant(slug: str) -> Account:
    return create_account(slug=slug, name=slug, owner_email=f"owner@{slug}.example.com").account


def load(account: Account, projects: Sequence[NewProject]) -> None:
    rows: dict[Any, list[Any]] = {model: [] for model in LOADED}
    for project in projects:
        _add(rows, project)
    bulk_load({account: rows}, LOADED)


def log_in(account: Account) -> str:
    Account.objects.filter(pk=account.pk).update(plan=Plan.BUSINESS)  # the rates of the benchmark are below its limits
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client_of(account).cookies.items())


def _add(rows: dict[Any, list[Any]], project: NewProject) -> None:
    project_id, now = new_id(), project.tasks[0].created_at
    about = (project_id, project.key, project.name, "", "blue", False, False, None, now, now, len(project.tasks))
    rows[Project].append(about)
    statuses = [(new_id(), category) for category in Category]
    rows[Status] += [
        (status_id, project_id, str(category.label), category.value, rank)
        for (status_id, category), rank in zip(statuses, ranks.spread(len(statuses)), strict=True)
    ]
    todo = next(status_id for status_id, category in statuses if category == Category.TODO)
    for task in project.tasks:
        task_id, made = new_id(), task.created_at
        times: tuple[datetime | None, ...] = (None, made, made)
        texts = task.number, task.title, task.description, todo, task.priority, None, task.rank
        rows[Task].append((task_id, project_id, *texts, *times))
        rows[Subtask] += [(new_id(), task_id, new.title, new.done, new.rank) for new in task.subtasks]
