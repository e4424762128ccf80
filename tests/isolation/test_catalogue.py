"""The catalogue of the migrated database, table by table: PostgreSQL enforces the rules of the models."""

import pytest
from django.apps import apps
from django.conf import settings

from tenancy.models import Anchor, is_tenant_owned
from tenancy.planes import is_placed

pytestmark = pytest.mark.django_db

OWNED = sorted(model._meta.db_table for model in apps.get_models() if is_tenant_owned(model))
PLACED = sorted(model._meta.db_table for model in apps.get_models() if is_placed(model))
ANCHOR = Anchor._meta.db_table

# Tables without row-level security: those of the shared models, and that of the migrations.
SHARED = {apps.get_model(label)._meta.db_table for label in settings.TENANCY["SHARED_MODELS"]} | {"django_migrations"}
# Indexes that do not start with the tenant, each with a reason.
NOT_LED_BY_TENANT = {"membership_user": "as_user() reads one user's memberships in all tenants"}


def test_every_table_is_owned_or_on_the_list(sql):
    tables = {
        name
        for (name,) in sql(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    }
    assert tables - {ANCHOR, *OWNED} == SHARED


def test_account_id_always_means_protected(sql):
    tables = sql(
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE column_name = 'account_id' AND table_schema = 'public'"
    )
    assert {name for (name,) in tables} == {ANCHOR, *OWNED}


@pytest.mark.parametrize("table", [ANCHOR, *OWNED])
def test_row_security_is_on_and_forced(sql, table):
    assert sql("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table]) == [
        (True, True)
    ]


@pytest.mark.parametrize("table", [ANCHOR, *OWNED])
def test_the_policies_are_exactly_these(sql, table):
    condition = "(account_id = (NULLIF(current_setting('tenancy.tenant_id'::text, true), ''::text))::uuid)"
    own = "(user_id = (NULLIF(current_setting('tenancy.user_id'::text, true), ''::text))::uuid)"
    expected = {
        ("tenant", "PERMISSIVE", "{public}", "ALL", condition, condition),
        ("operator", "PERMISSIVE", f"{{{settings.DB_ROLE_PREFIX}_operator}}", "SELECT", "true", None),
    }
    if table == "accounts_membership":
        expected.add(("own", "PERMISSIVE", "{public}", "SELECT", own, None))
    policies = sql(
        "SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = %s",
        [table],
    )
    assert set(policies) == expected


@pytest.mark.parametrize("table", OWNED)
def test_the_primary_key_starts_with_the_tenant(sql, table):
    assert sql(
        "SELECT array_agg(attname::text ORDER BY place)"
        " FROM pg_constraint, unnest(conkey) WITH ORDINALITY AS key(number, place)"
        " JOIN pg_attribute ON attnum = number"
        " WHERE contype = 'p' AND conrelid = %s::regclass AND attrelid = conrelid",
        [table],
    ) == [(["account_id", "id"],)]


def test_every_index_starts_with_the_tenant(sql):
    rows = sql(
        "SELECT indexrelid::regclass::text, attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid"
        " AND attnum = indkey[0] WHERE indrelid::regclass::text = ANY(%s)",
        [OWNED],
    )
    assert {index for index, column in rows if column != "account_id"} == set(NOT_LED_BY_TENANT)


@pytest.mark.parametrize("table", OWNED)
def test_content_refers_to_the_anchor_and_the_control_plane_to_the_account(sql, table):
    """The key to the anchor cascades, and is checked with each statement."""
    keys = sql(
        "SELECT confrelid::regclass::text, confdeltype::text, condeferrable, condeferred FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = %s::regclass AND cardinality(conkey) = 1"
        " AND conkey[1] = (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'account_id')",
        [table],
    )
    if table in PLACED:
        assert keys == [(ANCHOR, "c", True, False)]
    else:
        assert {name for name, *_rest in keys} == {"accounts_account"}


def test_every_reference_between_owned_tables_carries_the_tenant(sql):
    rows = sql(
        "SELECT conname, (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]),"
        " (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1]), cardinality(conkey)"
        " FROM pg_constraint WHERE contype = 'f' AND confrelid::regclass::text = ANY(%s)",
        [OWNED],
    )
    assert rows
    assert {row[1:] for row in rows} == {("account_id", "account_id", 2)}


def test_every_tenant_foreign_key_of_the_models_has_its_constraint(sql):
    from tenancy.fields import TenantForeignKey

    expected = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }
    found = sql(
        "SELECT conrelid::regclass::text, attname::text FROM pg_constraint JOIN pg_attribute"
        " ON attrelid = conrelid AND attnum = conkey[2] WHERE contype = 'f' AND cardinality(conkey) = 2"
    )
    assert set(found) == expected


def test_no_function_runs_as_its_definer(sql):
    assert sql("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace") == []


def test_no_view_runs_as_its_owner(sql):
    assert (
        sql(
            "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
            " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
        )
        == []
    )


def test_the_app_role_owns_nothing_and_is_member_of_nothing(sql):
    assert sql("SELECT relname FROM pg_class WHERE relowner = current_user::regrole") == []
    assert sql("SELECT roleid::regrole::text FROM pg_auth_members WHERE member = current_user::regrole") == []
    assert sql(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ) == [(False, False, False, False)]


def test_operator_role_has_no_members(sql):
    assert (
        sql(
            "SELECT member::regrole::text FROM pg_auth_members WHERE roleid = %s::regrole",
            [f"{settings.DB_ROLE_PREFIX}_operator"],
        )
        == []
    )


def test_app_role_has_only_select_insert_update_and_delete(sql):
    rows = sql("SELECT DISTINCT privilege_type FROM information_schema.role_table_grants WHERE grantee = current_user")
    assert {right for (right,) in rows} == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert sql(
        "SELECT has_database_privilege(current_database(), 'TEMP'), has_schema_privilege('public', 'CREATE')"
    ) == [(False, False)]


def test_append_only_tables_cannot_be_updated_or_deleted_from(sql):
    """Exactly the models with `append_only`: the test also finds a missing privilege of another table."""
    rights = "has_table_privilege(%(table)s, 'UPDATE') OR has_table_privilege(%(table)s, 'DELETE')"
    rights += " OR has_any_column_privilege(%(table)s, 'UPDATE')"
    found = {table for table in OWNED if sql(f"SELECT {rights}", {"table": table}) == [(False,)]}
    assert found == {"accounts_auditentry"}
    assert found == {model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False)}
