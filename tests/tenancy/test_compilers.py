"""The compilers: statements that change rows name the tenant, and a query reads tables of one plane."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connections, models
from django.db.models import Count, Exists, F, OuterRef, Subquery
from django.db.models.sql import DeleteQuery, UpdateQuery
from django.test.utils import isolate_apps

from accounts.models import Account, ApiToken, AuditEntry, Invitation, Membership, Role
from projects.models import Label, ProjectMember
from tasks.models import Assignment, Comment, Subtask, Task, TaskLabel
from tenancy.checks import check_model
from tenancy.context import NoActiveTenant, all_tenants, no_tenant, tenant_context
from tenancy.fields import TenantForeignKey
from tenancy.models import InScope, TenantModel, is_tenant_owned
from tenancy.planes import CrossPlaneQuery, is_placed

TENANT_OWNED = [model for model in apps.get_models() if is_tenant_owned(model)]

# The tenant in statements --------------------------------------------------------------------------------------------


def by_id(query):
    query.add_filter("pk__in", [uuid4()])
    return query


def to_itself(query):
    query.add_update_values({"id": F("id")})
    return query


# As Django's Collector and a developer build them, without the manager of the model.
CHANGES = {
    "delete": lambda model: by_id(DeleteQuery(model)),
    "delete all": DeleteQuery,
    "delete some or others": lambda model: (
        models.QuerySet(model)
        .filter(models.Q(pk=uuid4()) | models.Q(account__in=[uuid4()]))
        .query.chain(klass=DeleteQuery)
    ),
    "delete others": lambda model: models.QuerySet(model).exclude(pk=uuid4()).query.chain(klass=DeleteQuery),
    "update": lambda model: to_itself(by_id(UpdateQuery(model))),
    "update all": lambda model: to_itself(UpdateQuery(model)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("build", CHANGES.values(), ids=CHANGES)
def test_each_delete_and_update_names_the_tenant(acme, build):
    """The condition is one of the outermost: no part of an OR, and not negated."""
    for model in TENANT_OWNED:
        with tenant_context(acme):
            sql, params = build(model).get_compiler("default").as_sql()
        condition = f'"{model._meta.db_table}"."account_id" = %s'
        assert sql.endswith((f" AND {condition})", f"WHERE {condition}")), sql
        assert params[-1] == acme.pk


@pytest.mark.django_db
def test_statement_of_the_manager_names_the_tenant_once(acme):
    with tenant_context(acme):
        sql, _params = Label.objects.filter(name="x").query.chain(klass=DeleteQuery).get_compiler("default").as_sql()
    assert sql.count('"account_id"') == 1


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["or", "not"])
def test_tenant_in_a_part_of_the_condition_does_not_count(acme, part):
    own = models.Q(InScope(F("account_id")))
    conditions = {"or": own | models.Q(name="x"), "not": ~(own & models.Q(name="x"))}
    with tenant_context(acme):
        query = models.QuerySet(Label).filter(conditions[part]).query.chain(klass=DeleteQuery)
        sql, _params = query.get_compiler("default").as_sql()
    assert sql.endswith(' AND "projects_label"."account_id" = %s)')


@pytest.mark.django_db
@pytest.mark.parametrize("build", CHANGES.values(), ids=CHANGES)
def test_no_delete_or_update_is_compiled_without_a_tenant(acme, build):
    for scope in (no_tenant, lambda: all_tenants(reason="a test")):
        with scope(), pytest.raises(NoActiveTenant):
            build(Label).get_compiler("default").as_sql()


# The plane of a query ------------------------------------------------------------------------------------------------


def test_content_is_placed_and_the_rest_of_accounts_is_not():
    """A model is placed unless it says otherwise, so that this list is complete: these rows do not move."""
    assert {model.__name__ for model in TENANT_OWNED if not is_placed(model)} == {
        "ApiToken",
        "AuditEntry",
        "IdempotencyKey",
        "Invitation",
        "Membership",
        "RefreshFamily",
    }


MEMBERS = Membership.objects.filter(role=Role.OWNER)
TASKS = Task.objects.filter(assignments__member=OuterRef("pk"))

CROSSING = {
    "select_related": lambda: Assignment.objects.select_related("member"),
    "select_related of the tenant": lambda: Label.objects.select_related("account"),
    "filter": lambda: Comment.objects.filter(author__role=Role.OWNER),
    "exclude": lambda: Assignment.objects.exclude(member__ended_at=None),
    "order": lambda: Comment.objects.order_by("author__joined_at"),
    "values": lambda: Comment.objects.values("author__user__email"),
    "annotate": lambda: Comment.objects.annotate(role=F("author__role")),
    "in": lambda: Comment.objects.filter(author__in=MEMBERS),
    "exists": lambda: Comment.objects.filter(Exists(MEMBERS.filter(pk=OuterRef("author")))),
    "subquery": lambda: Comment.objects.annotate(role=Subquery(MEMBERS.values("role")[:1])),
    "union": lambda: Comment.objects.values("id").union(MEMBERS.values("id")).order_by(),
    "two levels": lambda: Task.objects.filter(comments__in=Comment.objects.filter(author__in=MEMBERS)),
    "aggregate": lambda: Comment.objects.filter(author__role=Role.OWNER).values("task").annotate(n=Count("pk")),
    "from the control plane": lambda: Membership.objects.filter(comments__body="x"),
    "from the control plane, annotate": lambda: Membership.objects.annotate(n=Count("assignments")),
    "from the control plane, exists": lambda: Membership.objects.filter(Exists(TASKS)),
    "shared": lambda: Account.objects.filter(Exists(Label.objects.filter(account=OuterRef("pk")))),
}


@pytest.mark.django_db
@pytest.mark.parametrize("build", CROSSING.values(), ids=CROSSING)
def test_query_of_both_planes_is_refused(acme, build):
    with tenant_context(acme), pytest.raises(CrossPlaneQuery):
        list(build())


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["filter", "exists", "in", "union", "from the control plane"])
def test_count_and_existence_of_rows_of_both_planes_are_refused(acme, name):
    for use in ("count", "exists"):
        with tenant_context(acme), pytest.raises(CrossPlaneQuery):
            getattr(CROSSING[name](), use)()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        lambda: Comment.objects.filter(author__role=Role.OWNER).delete(),
        lambda: Comment.objects.filter(author__role=Role.OWNER).update(body="x"),
        lambda: Comment.objects.update(body=Subquery(MEMBERS.values("role")[:1])),
        lambda: Subtask.objects.create(task_id=uuid4(), title="x", rank="a", done=Exists(MEMBERS)),
        lambda: Membership.objects.filter(comments__body="x").update(role=Role.MEMBER),
    ],
    ids=["delete", "update", "value", "insert", "from the control plane"],
)
def test_write_that_reads_the_other_plane_is_refused(acme, write):
    with tenant_context(acme), pytest.raises(CrossPlaneQuery):
        write()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "build",
    [
        lambda: Comment.objects.prefetch_related("author__user"),
        lambda: Comment.objects.filter(author_id=uuid4()).order_by("author_id").values("author"),
        lambda: Task.objects.with_links().with_people_and_labels().with_comment_count(),
        lambda: ProjectMember.objects.filter(project__tasks__subtasks__in=Subtask.objects.all()),
        lambda: ApiToken.objects.select_related("member__user", "member__account"),
        lambda: Invitation.objects.filter(Exists(AuditEntry.objects.filter(object_id=OuterRef("pk")))),
        lambda: TaskLabel.objects.select_related("label").union(TaskLabel.objects.select_related("label")),
    ],
)
def test_query_of_one_plane_is_compiled(acme, build):
    with tenant_context(acme):
        assert list(build()) == []


@pytest.mark.django_db
def test_condition_without_a_table_is_compiled():
    """Django validates constraints by such a query."""
    assert models.Q(name__isnull=False).check({"name": "x"})
    assert not models.Q(name__isnull=True).check({"name": "x"})


@pytest.mark.django_db
def test_compiling_another_query_after_a_refused_one(acme):
    """What the refused query read is forgotten."""
    with tenant_context(acme):
        for _attempt in range(2):
            with pytest.raises(CrossPlaneQuery):
                list(CROSSING["exists"]())
            assert list(Comment.objects.all()) == []
            assert list(MEMBERS) == []
            assert connections["default"].tables_of_query is None


@isolate_apps("tasks")
def test_key_from_the_control_plane_to_a_placed_table_is_an_error():
    class Pinned(TenantModel):
        placed = False
        task = TenantForeignKey(Task, models.CASCADE, related_name="+")

        class Meta:
            app_label = "tasks"
            indexes = [models.Index(fields=["account", "task"], name="pinned_task")]

    assert [message.id for message in check_model(Pinned)] == ["tenancy.E016"]
