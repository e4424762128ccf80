"""A live web process under mixed requests of twenty tenants: no response contains a foreign canary."""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from config.pytest_plugin import find_program
from projects import ranks
from projects.actions.projects import create_project
from projects.models import Project
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.models import AbstractTenant, get_tenant_model
from tenancy.testing import TenantClient, canary, foreign_canaries, join, make_user
from tenancy.tokens import TenantAccessToken, issue
from tests.isolation.live import Request, Response, send_all, web_process
from tests.pooler.pgbouncer import pooled, with_database

pytestmark = pytest.mark.django_db(transaction=True)

TENANTS, TASKS = 20, 10
CANCELLED = 0.2
CSRF = "c" * 32


@dataclass
class World:
    """A tenant, its rows, and a user who belongs to all tenants, with a token and a session there."""

    tenant: AbstractTenant
    host: str
    project: Project
    tasks: list[Task]
    subtasks: list[Subtask]
    token: dict[str, str]
    session: dict[str, str]


def make_world(number: int, person) -> World:
    # With a unique slug each time: the web process caches hosts longer than this test runs.
    tenant = get_tenant_model()._default_manager.create(slug=f"load-{number}-{uuid4().hex[:8]}", name="Load")
    member = join(person, tenant, "owner")
    with tenant_context(tenant):
        project = create_project(actor=member, name=canary(tenant), key="WEB")
        same = {"project": project, "status": project.statuses.first(), "rank": ranks.first()}
        rows = [Task(number=n + 1, title=canary(tenant), description=canary(tenant), **same) for n in range(TASKS)]
        tasks = Task.objects.bulk_create(rows)
        subtasks = Subtask.objects.bulk_create(
            [Subtask(task=task, title=canary(tenant), rank=ranks.first()) for task in tasks]
        )
        Project.objects.update(last_task_number=TASKS, description=canary(tenant))
    access, _ = issue(user_id=person.pk, tenant=tenant)
    cookie = TenantClient(tenant).as_(person).cookies[settings.SESSION_COOKIE_NAME].value
    names = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
    session = {"Cookie": f"{names[0]}={cookie}; {names[1]}={CSRF}", "X-CSRFToken": CSRF}
    host = f"{tenant.slug}.{settings.BASE_DOMAIN}"
    return World(tenant, host, project, tasks, subtasks, {"Authorization": f"Bearer {access}"}, session)


def reads(world: World, chance: random.Random) -> Iterator[Request]:
    task, subtask = chance.choice(world.tasks), chance.choice(world.subtasks)
    api = ["projects/", "tasks/", "tasks/?page_size=3", "subtasks/", "tasks/WEB-1/", f"projects/{world.project.pk}/"]
    for path in [*api, f"tasks/{task.pk}/", f"subtasks/{subtask.pk}/"]:
        headers = chance.choice([world.token, world.session])
        yield Request("GET", world.host, f"/api/v1/{path}", headers, 200, world.tenant)
    for path in ["/", "/projects/WEB/", f"/tasks/WEB-{task.number}/", "/subtasks/"]:
        yield Request("GET", world.host, path, world.session, 200, world.tenant)


def writes(world: World, other: World, chance: random.Random) -> Iterator[Request]:
    """Valid requests, and the same requests with a foreign id."""
    own, foreign = chance.choice(world.tasks), chance.choice(other.tasks)
    for task, status in ((own, 200), (foreign, 404)):
        body = {"title": canary(world.tenant)}
        headers = chance.choice([world.token, world.session])
        yield Request("PATCH", world.host, f"/api/v1/tasks/{task.pk}/", headers, status, world.tenant, body)
    for where, status in ((world, 201), (other, 400)):
        body = {"title": canary(world.tenant), "project": str(where.project.pk)}
        headers = chance.choice([world.token, world.session])
        yield Request("POST", world.host, "/api/v1/tasks/", headers, status, world.tenant, body)
    body = {"title": canary(world.tenant), "task": str(own.pk)}
    yield Request("POST", world.host, "/api/v1/subtasks/", world.token, 201, world.tenant, body)


def attacks(world: World, other: World, chance: random.Random) -> Iterator[Request]:
    task, subtask = chance.choice(other.tasks), chance.choice(other.subtasks)
    for path in [f"tasks/{task.pk}/", f"subtasks/{subtask.pk}/", f"projects/{other.project.pk}/"]:
        method = chance.choice(["GET", "DELETE"])
        yield Request(method, world.host, f"/api/v1/{path}", world.token, 404, world.tenant)
    yield Request("GET", other.host, "/api/v1/tasks/", world.token, 403, None)
    yield Request("GET", other.host, "/api/v1/tasks/", world.session, 401, None)
    yield Request("GET", other.host, "/", world.session, 302, None)
    yield Request("GET", f"absent.{settings.BASE_DOMAIN}", "/api/v1/tasks/", world.token, 404, None)
    yield Request("GET", "-.-", "/api/v1/tasks/", world.token, 400, None)


def mixed_requests(worlds: list[World], number: int, chance: random.Random) -> list[Request]:
    made: list[Request] = []
    while len(made) < number:
        world, other = chance.sample(worlds, 2)
        made += [*reads(world, chance), *writes(world, other, chance), *attacks(world, other, chance)]
    chance.shuffle(made)
    return made[:number]


def problem_with(request: Request, response: Response) -> str | None:
    said = f"{request.method} {request.host}{request.path}: {response.status}"
    if found := foreign_canaries(response.text, request.tenant):
        return f"{said} with {found[:3]}"
    if response.status != request.status:
        return f"{said} instead of {request.status}: {response.text[-300:]}"
    shows_rows = request.tenant and request.status < 300
    return f"{said} without a canary" if shows_rows and str(request.tenant.pk) not in response.text else None


def foreign_canaries_in(world: World) -> list[str]:
    """Return the foreign canaries among the rows of a tenant, read without HTTP."""
    with tenant_context(world.tenant):
        texts = [str(row) for model in (Project, Task, Subtask) for row in model.objects.values_list()]
    return foreign_canaries("\n".join(texts), world.tenant)


@pytest.mark.parametrize(("number", "at_once"), [(1_000, 50), pytest.param(20_000, 200, marks=pytest.mark.torture)])
def test_no_answer_has_a_foreign_canary(tmp_path, capsys, monkeypatch, number, at_once):
    monkeypatch.setattr(TenantAccessToken, "lifetime", timedelta(hours=2))  # long enough for a slow machine
    chance = random.Random(number)
    person = make_user("everywhere")
    worlds = [make_world(index, person) for index in range(TENANTS)]
    requests = mixed_requests(worlds, number, chance)
    with ExitStack() as running:
        database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
        if find_program("pgbouncer"):
            database = running.enter_context(pooled(database, size=2, folder=tmp_path, wait=60))
        else:
            at_once = 50  # PostgreSQL itself has fewer connections than PgBouncer
        # A long wait, so that no request gets 503 on a slow machine: this test is about canaries.
        url = running.enter_context(web_process(database, tmp_path / "web.log", connections=at_once, wait=60))
        outcome = send_all(url, requests, problem_with, at_once=at_once, cancelled=CANCELLED, seed=number)
    log = (tmp_path / "web.log").read_text()
    assert not outcome.wrong, f"{len(outcome.wrong)} wrong, such as\n{'\n'.join(outcome.wrong[:20])}\n{log[-3000:]}"
    assert sum(outcome.statuses.values()) + outcome.cancelled == number
    assert number * 0.05 < outcome.cancelled < number * 0.25
    assert [foreign_canaries_in(world) for world in worlds] == [[]] * TENANTS
    with capsys.disabled():
        sys.stdout.write(
            f"\n{number} requests, {outcome.cancelled} cancelled, {dict(sorted(outcome.statuses.items()))}\n"
        )
