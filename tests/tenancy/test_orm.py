"""TenantModel: querysets are filtered by the tenant that is active when SQL is compiled."""

import pickle
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Subquery
from rest_framework import serializers

from accounts.models import Membership
from projects.models import Label, Project, Status
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.context import CrossTenantWrite, NoActiveTenant, all_tenants, as_user, tenant_context
from tenancy.places import atomic
from tenancy.testing import join, make_user

pytestmark = pytest.mark.django_db

EVERYBODYS = Project.objects.order_by("key")  # built here once, without an active tenant


class ProjectForm(forms.Form):
    project = forms.ModelChoiceField(EVERYBODYS)


class ProjectSerializer(serializers.Serializer):
    project = serializers.PrimaryKeyRelatedField(queryset=EVERYBODYS)


@pytest.fixture
def webs(acme, globex):
    """A project WEB in each of two accounts, with a task, a subtask, a label and an assignee."""
    made = {}
    for tenant in (acme, globex):
        member = join(make_user(f"worker-{tenant.slug}"), tenant, "member")
        with tenant_context(tenant):
            project = Project.objects.create(key="WEB", name=f"Web of {tenant.slug}")
            status = Status.objects.create(project=project, name="To do", category="todo", rank="a")
            task = Task.objects.create(project=project, number=1, title=tenant.slug, status=status, rank="a")
            Subtask.objects.create(task=task, title=tenant.slug, rank="a")
            TaskLabel.objects.create(task=task, label=Label.objects.create(name="bug"))
            Assignment.objects.create(task=task, member=member)
        made[tenant.slug] = project
    return made


QUERIES = {
    "iterate": list,
    "len": len,
    "bool": bool,
    "get": lambda qs: qs.get(key="WEB"),
    "first": lambda qs: qs.first(),
    "last": lambda qs: qs.last(),
    "latest": lambda qs: qs.latest("created_at"),
    "exists": lambda qs: qs.exists(),
    "contains": lambda qs: qs.contains(Project(id=uuid4())),
    "count": lambda qs: qs.count(),
    "aggregate": lambda qs: qs.aggregate(n=Count("tasks")),
    "values": lambda qs: list(qs.values("key").annotate(n=Count("tasks"))),
    "values_list": lambda qs: list(qs.values_list("key")),
    "in_bulk": lambda qs: qs.in_bulk(),
    "iterator": lambda qs: list(qs.iterator()),
    "chunked iterator": lambda qs: list(qs.iterator(chunk_size=1)),
    "explain": lambda qs: qs.explain(),
    "dates": lambda qs: list(qs.datetimes("created_at", "day")),
    "union": lambda qs: list(qs.order_by().union(qs.order_by())),
    "update": lambda qs: qs.update(name="x"),
    "delete": lambda qs: qs.order_by().delete(),
    "select_for_update": lambda qs: list(qs.select_for_update()),
    "raw": lambda qs: list(Project.objects.raw("SELECT * FROM projects_project")),
    "aexists": lambda qs: async_to_sync(qs.aexists)(),
    "acount": lambda qs: async_to_sync(qs.acount)(),
    "aget": lambda qs: async_to_sync(qs.aget)(key="WEB"),
    "aiterator": lambda qs: async_to_sync(_collect)(qs),
    "create": lambda qs: Project.objects.create(key="NEW", name="New"),
    "bulk_create": lambda qs: Project.objects.bulk_create([Project(key="NEW", name="New")]),
    "get_or_create": lambda qs: Project.objects.get_or_create(key="NEW"),
    "update_or_create": lambda qs: Project.objects.update_or_create(key="WEB", defaults={"name": "x"}),
}


async def _collect(queryset):
    return [row async for row in queryset.aiterator()]


@pytest.mark.parametrize("run", QUERIES.values(), ids=QUERIES)
def test_without_a_tenant_every_query_raises(webs, bob, run):
    with pytest.raises(NoActiveTenant), transaction.atomic():
        run(Project.objects.order_by("key"))
    with pytest.raises(NoActiveTenant), transaction.atomic(), as_user(bob):
        run(Project.objects.order_by("key"))
    with pytest.raises(NoActiveTenant), transaction.atomic(), all_tenants(reason="a test"):
        run(Project.objects.using("default").order_by("key"))


@pytest.mark.parametrize("run", QUERIES.values(), ids=QUERIES)
def test_with_a_tenant_every_query_runs(webs, acme, run):
    with tenant_context(acme), atomic():  # in which Django does what it does in a transaction
        run(Project.objects.order_by("key"))


def test_class_level_queryset_uses_the_tenant_active_at_evaluation(webs, acme, globex):
    for tenant in (acme, globex, acme):
        with tenant_context(tenant):
            assert [project.name for project in EVERYBODYS.all()] == [f"Web of {tenant.slug}"]


def test_form_field_uses_the_tenant_active_at_validation(webs, acme, globex):
    with tenant_context(acme):
        assert ProjectForm({"project": webs["acme"].pk}).is_valid()
    with tenant_context(globex):
        assert not ProjectForm({"project": webs["acme"].pk}).is_valid()
        assert "Web of acme" not in str(ProjectForm())


def test_serializer_field_uses_the_tenant_active_at_validation(webs, acme, globex):
    with tenant_context(acme):
        assert ProjectSerializer(data={"project": webs["acme"].pk}).is_valid()
    with tenant_context(globex):
        assert not ProjectSerializer(data={"project": webs["acme"].pk}).is_valid()


COMBINATIONS = {
    "subquery": lambda: Task.objects.filter(project__in=Project.objects.all()),
    "exists": lambda: Task.objects.filter(Exists(Project.objects.filter(pk=OuterRef("project_id")))),
    "annotation": lambda: Task.objects.annotate(
        project_key=Subquery(Project.objects.filter(pk=OuterRef("project_id")).values("key")[:1])
    ),
    "join": lambda: Task.objects.select_related("project", "status"),
    "left join": lambda: Task.objects.filter(subtasks__title__isnull=False).select_related("project"),
    "prefetch": lambda: Task.objects.prefetch_related("subtasks", "assignments__member__user", "task_labels__label"),
    "prefetch object": lambda: Task.objects.prefetch_related(Prefetch("subtasks", Subtask.objects.order_by("title"))),
    "group by": lambda: Task.objects.annotate(n=Count("subtasks")),
    "union": lambda: Task.objects.order_by().union(Task.objects.order_by()),
    "pickled": lambda: pickle.loads(pickle.dumps(Task.objects.all().query)),
}


@pytest.mark.parametrize("build", COMBINATIONS.values(), ids=COMBINATIONS)
def test_querysets_bind_the_tenant_late(webs, acme, globex, build):
    queryset = build()
    if isinstance(queryset, models.sql.Query):
        query, queryset = queryset, Task.objects.all()
        queryset.query = query
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert [task.title for task in queryset.all()] == [tenant.slug]


def test_joins_compare_the_tenant(webs, acme):
    with tenant_context(acme):
        sql = str(Task.objects.select_related("project").filter(subtasks__done=False).query)
    assert '"projects_project"."account_id" = "tasks_task"."account_id"' in sql.replace("(", "").replace(")", "")
    assert '"tasks_task"."account_id" = "tasks_subtask"."account_id"' in sql.replace("(", "").replace(")", "")


def test_relations_of_an_instance_are_filtered(webs, acme, globex):
    with tenant_context(acme):
        task = Task.objects.get()
    with tenant_context(globex):
        assert list(task.subtasks.all()) == []
        with pytest.raises(Task.DoesNotExist):
            task.refresh_from_db()
    with pytest.raises(NoActiveTenant):
        task.refresh_from_db()


@pytest.mark.parametrize(
    "write",
    [
        lambda project: project.save(),
        lambda project: project.save(update_fields=["name"]),
        lambda project: project.delete(),
        lambda project: Project.objects.bulk_create([Project(account_id=project.account_id, key="X", name="X")]),
        lambda project: Project.objects.create(account_id=project.account_id, key="X", name="X"),
    ],
    ids=["save", "update_fields", "delete", "bulk_create", "create"],
)
def test_writing_another_tenants_row_raises(webs, acme, globex, write):
    with tenant_context(globex), pytest.raises(CrossTenantWrite, match="belongs to tenant"):
        with atomic():
            write(webs["acme"])
    with pytest.raises(NoActiveTenant), transaction.atomic():
        write(webs["acme"])
    with tenant_context(acme):
        assert Project.objects.get().name == "Web of acme"


def test_bulk_update_does_not_reach_another_tenants_row(webs, acme, globex):
    webs["acme"].name = "stolen"
    with tenant_context(globex):
        assert Project.objects.bulk_update([webs["acme"]], ["name"]) == 0
    with tenant_context(acme):
        assert Project.objects.get().name == "Web of acme"


def test_unique_value_is_allowed_in_two_tenants_and_refused_in_one(webs, acme):
    with tenant_context(acme):
        with pytest.raises(ValidationError, match="not available") as caught:
            Project(key="WEB", name="Again").full_clean()
    assert list(caught.value.message_dict) == ["key"]


def test_case_insensitive_duplicate_is_refused(webs, acme):
    with tenant_context(acme), pytest.raises(ValidationError, match="already exists"):
        Label(name="BUG").full_clean()


def test_grouping_counts_rows_of_the_tenant(webs, acme):
    with tenant_context(acme):
        project = Project.objects.annotate(n=Count("tasks", distinct=True)).order_by("-n")[0]
        assert project.n == 1
        assert list(Task.objects.values("project__key").annotate(n=Count("id")).order_by()) == [
            {"project__key": "WEB", "n": 1}
        ]


def test_as_user_reads_only_the_memberships_of_the_user(charlie, bob, acme, globex):
    with as_user(charlie):
        memberships = Membership.objects.prefetch_related("account").order_by("account_id")
        assert {membership.account.slug for membership in memberships} == {"acme", "globex"}
        with pytest.raises(NoActiveTenant):
            Task.objects.count()


@pytest.mark.parametrize(
    "write",
    [
        lambda user: Membership.objects.update(role="owner"),
        lambda user: Membership.objects.all().delete(),
        lambda user: Membership.objects.first().delete(),
        lambda user: Membership.objects.first().save(),
        lambda user: user.save(),
        lambda user: make_user("another"),
    ],
    ids=["update", "delete all", "delete", "save", "save a shared row", "create a shared row"],
)
def test_as_user_cannot_write(charlie, acme, write):
    with as_user(charlie), pytest.raises(NoActiveTenant), transaction.atomic():
        write(charlie)
    with tenant_context(acme):
        assert Membership.objects.get(user=charlie).role == "member"


def test_a_default_is_not_frozen_into_an_unbound_instance():
    assert Project(key="WEB").account_id is None


def test_primary_keys_are_version_7():
    assert Project().pk.version == 7


def test_ids_need_the_tenant_to_be_found_by_expression(webs, acme):
    with tenant_context(acme):
        assert Task.objects.filter(number=F("version")).count() == 1


@pytest.mark.parametrize(
    ("change", "unread"),
    [
        (lambda tasks: tasks, {"search_text"}),
        (lambda tasks: tasks.defer(None), set()),
        (lambda tasks: tasks.defer("title", "rank"), {"search_text", "title", "rank"}),
        (lambda tasks: tasks.defer(None).defer("title"), {"title"}),  # as many columns as by default
    ],
    ids=["default", "all", "more", "another"],
)
def test_rows_have_the_columns_that_were_read(acme, task, change, unread):
    with tenant_context(acme):
        row = change(Task.objects.all()).get()
        assert row.get_deferred_fields() == unread
        stored = Task.objects.values().get()
        assert {name: getattr(row, name) for name in stored} == stored
