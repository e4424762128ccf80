"""Migrations of tenant-owned tables, as the owner and under FORCE ROW LEVEL SECURITY."""

from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connections, migrations, models
from django.db.migrations.loader import MigrationLoader

from tenancy.constraints import TenantPrimaryKey, TenantRowSecurity
from tenancy.context import NoActiveTenant, tenant_context
from tenancy.fields import TenantForeignKey, TenantKey, UUIDv7Field
from tenancy.migrations import RunPerTenant

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def table(name, *fields):
    """Return the operation that makes a tenant-owned table `draft_<name>`, as makemigrations writes it."""
    return migrations.CreateModel(
        name=name,
        fields=[("id", UUIDv7Field()), ("account", TenantKey()), *fields],
        options={
            "constraints": [TenantPrimaryKey(name=f"{name}_pk"), TenantRowSecurity(name=f"{name}_rls")],
        },
    )


@pytest.fixture
def migrate():
    """Apply operations of an app `draft` as the owner, one transaction a call, and drop its tables in the end."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state = loader.project_state(loader.graph.leaf_nodes())

    def apply(*operations, atomic=True):
        nonlocal state
        with connections["owner"].schema_editor(atomic=atomic) as editor:
            for operation in operations:
                before, state = state, state.clone()
                operation.state_forwards("draft", state)
                operation.database_forwards("draft", editor, before, state)
        return state.apps

    yield apply
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'draft%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE "{name}" CASCADE')


def insert(tenant, model, **values):
    with tenant_context(tenant):
        return model.objects.using("owner").create(account_id=tenant.pk, **values)


def constraints(name):
    connection = connections["owner"]
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, name)


def forced(sql, name):
    return sql("SELECT relforcerowsecurity FROM pg_class WHERE relname = %s", [name], using="owner") == [(True,)]


@pytest.fixture
def parent_and_child(migrate, acme, globex):
    """Two tables without a key between them, and a child in acme that names a parent in globex."""
    apps = migrate(table("parent"), table("child", ("parent_id", models.UUIDField(null=True))))
    parent = insert(globex, apps.get_model("draft", "parent"))
    insert(acme, apps.get_model("draft", "child"), parent_id=parent.pk)
    return migrate


ADD_KEY = migrations.RunSQL(
    'ALTER TABLE "draft_child" ADD CONSTRAINT late FOREIGN KEY (account_id, parent_id)'
    ' REFERENCES "draft_parent" (account_id, id)'
)


@pytest.mark.parametrize("atomic", [True, False])
def test_a_key_over_a_row_that_breaks_it_is_refused(parent_and_child, sql, atomic):
    with pytest.raises(IntegrityError, match="foreign key"):
        parent_and_child(ADD_KEY, atomic=atomic)
    assert forced(sql, "draft_child")
    assert forced(sql, "draft_parent")


def test_validating_a_key_over_a_row_that_breaks_it_is_refused(parent_and_child, sql):
    parent_and_child(
        migrations.RunSQL(
            "ALTER TABLE draft_child ADD CONSTRAINT late FOREIGN KEY (account_id, parent_id)"
            " REFERENCES draft_parent (account_id, id) NOT VALID"
        )
    )
    with pytest.raises(IntegrityError, match="foreign key"):
        parent_and_child(migrations.RunSQL("ALTER TABLE draft_child VALIDATE CONSTRAINT late"))
    assert forced(sql, "draft_child")


def test_database_accepts_a_broken_key_without_the_validation_bracket(parent_and_child, sql):
    """The reason for the bracket: PostgreSQL itself does not check the rows here."""
    sql(ADD_KEY.sql, using="owner")
    assert "late" in constraints("draft_child")


def test_a_tenant_foreign_key_is_composite_and_keeps_its_name_in_the_catalogue(migrate):
    reference = TenantForeignKey("draft.parent", models.CASCADE, null=True)
    migrate(table("parent"), table("child", ("parent", reference)))
    found = [info for info in constraints("draft_child").values() if info["foreign_key"]]
    assert sorted(tuple(info["columns"]) for info in found) == [("account_id",), ("account_id", "parent_id")]


def test_a_tenant_foreign_key_can_be_added_changed_and_removed(migrate):
    def reference(to):
        return TenantForeignKey(to, models.CASCADE, null=True)

    def keys():
        return [info for info in constraints("draft_child").values() if info["columns"] == ["account_id", "link_id"]]

    migrate(table("parent"), table("other"), table("child"))
    migrate(migrations.AddField("child", "link", reference("draft.parent")))
    assert [info["foreign_key"][0] for info in keys()] == ["draft_parent"]
    migrate(migrations.RenameModel("child", "kid"), migrations.RenameModel("kid", "child"))
    migrate(migrations.AlterField("child", "link", reference("draft.other")))
    assert [info["foreign_key"][0] for info in keys()] == ["draft_other"]
    migrate(migrations.RemoveField("child", "link"))
    assert keys() == []


def test_a_field_with_a_default_reaches_the_rows_of_all_tenants(migrate, acme, globex):
    apps = migrate(table("parent", ("note", models.CharField(max_length=9, null=True))))
    for tenant in (acme, globex):
        insert(tenant, apps.get_model("draft", "parent"))
    apps = migrate(migrations.AlterField("parent", "note", models.CharField(max_length=9, default="filled")))
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert apps.get_model("draft", "parent").objects.using("owner").get().note == "filled"


def test_a_plain_data_migration_is_refused_and_one_per_tenant_runs(migrate, acme, globex):
    apps = migrate(table("parent", ("note", models.CharField(max_length=9, default=""))))
    for tenant in (acme, globex):
        insert(tenant, apps.get_model("draft", "parent"))

    def fill(apps, editor):
        apps.get_model("draft", "parent").objects.using("owner").update(note="filled")

    def notes():
        found = []
        for tenant in (acme, globex):
            with tenant_context(tenant):
                found.append(apps.get_model("draft", "parent").objects.using("owner").get().note)
        return found

    with pytest.raises(NoActiveTenant):
        migrate(migrations.RunPython(fill))
    assert notes() == ["", ""]
    migrate(RunPerTenant(fill))
    assert notes() == ["filled", "filled"]


def test_constraints_can_be_removed(migrate, sql):
    migrate(table("parent"))
    migrate(migrations.RemoveConstraint("parent", "parent_rls"), migrations.RemoveConstraint("parent", "parent_pk"))
    assert sql("SELECT policyname FROM pg_policies WHERE tablename = 'draft_parent'") == []
    assert not any(info["primary_key"] for info in constraints("draft_parent").values())


def test_historical_models_do_not_group_by_their_id_alone(migrate, acme):
    apps = migrate(table("parent"), table("child", ("parent", TenantForeignKey("draft.parent", models.CASCADE))))
    parent, child = apps.get_model("draft", "parent"), apps.get_model("draft", "child")
    kept = insert(acme, parent)
    insert(acme, child, parent=kept)
    with tenant_context(acme):
        counted = parent.objects.using("owner").annotate(n=models.Count("child")).values_list("n", flat=True)
        assert list(counted) == [1]


def test_the_migrations_are_up_to_date():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# Data migrations that touch no tenant-owned table, and may therefore be plain: {(app, name): why}.
PLAIN: dict[tuple[str, str], str] = {}


def plain_data_migrations():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    ours = {app.label for app in apps.get_app_configs() if Path(app.path).parent == ROOT}
    for (app, name), migration in loader.disk_migrations.items():
        for operation in migration.operations:
            plain = isinstance(operation, migrations.RunPython | migrations.RunSQL)
            # By name: a loader reloads `tenancy.migrations`, and the class in there is another one afterwards.
            if app in ours and plain and type(operation).__name__ != RunPerTenant.__name__:
                yield app, name


def test_data_migrations_run_per_tenant():
    assert set(plain_data_migrations()) == set(PLAIN)
