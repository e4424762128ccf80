"""Query plans of PostgreSQL under row security, for one tenant among many and for one with most of the rows.

The tests compare plans and not times: the use of an index does not depend on the machine.
"""

import json
from datetime import timedelta
from itertools import batched

import pytest
from django.apps import apps
from django.db import connections
from django.utils import timezone
from uuid_utils import uuid7

from accounts.models import Account
from accounts.rest.pagination import _after
from projects.models import Project, Status
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.models import is_tenant_owned
from tenancy.postgresql.bulk import bulk_create_tenants, bulk_load

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

OWNED = {model._meta.db_table for model in apps.get_models() if is_tenant_owned(model)}
FIELDS = {
    Project: ("id", "key", "name", "created_at", "updated_at"),
    Status: ("id", "project_id", "name", "category", "rank"),
    Task: ("id", "project_id", "number", "title", "status_id", "rank", "created_at", "updated_at"),
    Subtask: ("id", "task_id", "title", "rank"),
}
FIRST = "00000000-0000-0000-0000-000000000000"
PER_PROJECT = 4  # tasks, and each with a subtask
TENANTS, BATCH = 2000, 50
TINY, SMALL, LARGE = 2, 25, 6000  # projects; of 40,000 tasks the large tenant has 60 %
NEWEST = ("-created_at", "-id")
SEARCH = {"search": lambda: Task.objects.matching_anywhere("task 1").order_by(*NEWEST)[:51]}
# Read in the order of an index, and not sorted.
IN_ORDER = {"list", "page", "join", "join of a page", "subtasks by title", "page of subtasks", "subtasks by rank"}
EMPTY = "tasks_comment"  # in this test, so that it is read as a whole


def rows(size, now):
    projects = [str(uuid7()) for _ in range(size)]
    statuses = [str(uuid7()) for _ in projects]
    tasks = [str(uuid7()) for _ in range(size * PER_PROJECT)]
    return {
        Project: [(project, f"P{number}", f"Project {number}", now, now) for number, project in enumerate(projects)],
        Status: [(status, project, "To do", "todo", "a") for status, project in zip(statuses, projects, strict=True)],
        Task: [
            (
                *(task, projects[number % size], number, f"Task {number}", statuses[number % size]),
                *(f"{number:05}", now - timedelta(minutes=number), now),
            )
            for number, task in enumerate(tasks)
        ],
        Subtask: [(str(uuid7()), task, f"Step of {task}", "a") for task in tasks],
    }


@pytest.fixture
def tenants(acme, globex):
    """acme is a small tenant among two thousand, and globex has more rows than all others."""
    others = [Account(slug=f"other-{number}", name="Other") for number in range(TENANTS - 2)]
    bulk_create_tenants(others)
    now = timezone.now()
    sizes = [(acme, SMALL), (globex, LARGE), *((other, TINY) for other in others)]
    for batch in batched(sizes, BATCH):
        bulk_load({tenant: rows(size, now) for tenant, size in batch}, FIELDS)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"small": acme, "large": globex}


def a_page():
    last = Task.objects.order_by(*NEWEST)[10]
    return Task.objects.filter(_after(NEWEST, (last.created_at, last.pk))).order_by(*NEWEST)[:51]


QUERIES = {
    "list": lambda: Task.objects.order_by(*NEWEST)[:51],
    "page": a_page,
    "join": lambda: Task.objects.select_related("project", "status").order_by(*NEWEST)[:51],
    "join of a page": lambda: a_page().select_related("project", "status"),
    "column of a board": lambda: Task.objects.filter(status=Status.objects.first()).order_by("rank")[:51],
    "one row by its id": lambda: Task.objects.filter(pk=Task.objects.first().pk),
    "subtasks of a task": lambda: Task.objects.first().subtasks.all(),
    "subtasks by title": lambda: Subtask.objects.select_related("task").order_by("title_key", "id")[:10],
    "page of subtasks": lambda: Subtask.objects.filter(_after(("title_key", "id"), ("step of 01", FIRST))).order_by(
        "title_key", "id"
    )[:51],
    "subtasks by rank": lambda: Subtask.objects.select_related("task").order_by("rank", "id")[:51],
    "counts beside a list": lambda: Task.objects.with_subtask_counts().order_by(*NEWEST)[:51],
}


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def explain(queryset):
    found = nodes(json.loads(queryset.explain(format="json"))[0]["Plan"])
    return [node for node in found if node.get("Relation Name") != EMPTY]


def find_fault(plan, *, sorting):
    """Return the faults of a plan in words."""
    for node in plan:
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in OWNED:
            yield f"reads all of {node['Relation Name']}"
        if "Index Name" in node and "account_id" not in node.get("Index Cond", ""):
            yield f"uses {node['Index Name']} without the tenant"
        if "account_id" in node.get("Filter", "") and "Index Cond" not in node:
            yield f"throws rows of other tenants away: {node['Filter']}"
        if sorting and "Sort" in node["Node Type"]:
            yield "sorts before it cuts off the first rows"


def test_plans_begin_with_the_tenant(tenants):
    # Sorting a hundred rows takes as long as an index scan.
    # A tenant with most of the rows reads all of them to search: that costs less than an index.
    for size, sorting, queries in (("small", (), QUERIES | SEARCH), ("large", IN_ORDER, QUERIES)):
        with tenant_context(tenants[size]):
            plans = {name: explain(build()) for name, build in queries.items()}
        faults = {name: [*find_fault(plan, sorting=name in sorting)] for name, plan in plans.items()}
        assert {name: found for name, found in faults.items() if found} == {}, size


def test_the_search_finds_what_it_looks_for(acme):
    with tenant_context(acme):
        plan = explain(Task.objects.filter(title="x").order_by("title", "rank"))
    with_fault = [{"Node Type": "Seq Scan", "Relation Name": "tasks_task", "Filter": "(account_id = 'x')"}]
    assert len([*find_fault(with_fault, sorting=True)]) == 2
    assert [*find_fault([{"Node Type": "Index Scan", "Index Name": "x"}], sorting=True)]
    assert [*find_fault([{"Node Type": "Incremental Sort"}], sorting=True)]
    assert {node.get("Relation Name") for node in plan} & OWNED
