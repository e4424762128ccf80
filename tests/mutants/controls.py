"""Mutants: the control that each disables, and the tests that must fail.

Where two controls overlap, the tests named here attack the one: as the owner of the tables, in raw SQL past the
filter of the manager, or with the other layer switched off.
"""

from dataclasses import dataclass

DATABASE, MIGRATIONS = "tests/isolation/test_database.py", "tests/isolation/test_migrations.py"
CATALOGUE, CREDENTIALS = "tests/isolation/test_catalogue.py", "tests/isolation/test_credentials.py"
CURSOR, ORM, CONTEXT = "tests/tenancy/test_cursor.py", "tests/tenancy/test_orm.py", "tests/tenancy/test_context.py"
ROUTING, MIDDLEWARE = "tests/tenancy/test_routing.py", "tests/tenancy/test_middleware.py"
CACHE, VARIANTS, CHECKS = (
    "tests/tenancy/test_cache.py",
    "tests/tenancy/test_variants.py",
    "tests/tenancy/test_checks.py",
)


@dataclass(frozen=True)
class Edit:
    """One replacement; `old` occurs exactly once in `file`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A control that `edits` disable; at least one of `tests` must fail then.

    `schema` says that the change shows in a newly migrated database only, `servers` that it shows in newly made roles
    only, and `at_start` that it is caught before any test begins.
    """

    control: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    schema: bool = False
    servers: bool = False
    at_start: bool = False


def off(control: str, file: str, old: str, new: str, *tests: str, **options: bool) -> Mutant:
    return Mutant(control, (Edit(file, old, new),), tests, **options)


CONSTRAINTS, SCHEMA = "tenancy/constraints.py", "tenancy/postgresql/schema.py"
KEY, KEY_AND = 'PRIMARY KEY ({columns})"\n', 'PRIMARY KEY (%s), UNIQUE (%s)"\n'
# In ALTER TABLE each constraint needs its own ADD.
ALTER = Edit(
    CONSTRAINTS,
    "ADD {self.constraint_sql(model, schema_editor)}",
    "ADD {self.constraint_sql(model, schema_editor).replace(', U', ', ADD U')}",
)
CURSORS, MODELS = "tenancy/postgresql/cursors.py", "tenancy/models.py"
BULK, EXCLUSIVE = "tenancy/postgresql/bulk.py", "tests/tenancy/test_exclusive_load.py"
POLICY = 'CREATE POLICY tenant ON {table} USING ({owns}) WITH CHECK ({owns}); "'
# One table each, not all: transactional tests are slow, and the catalogue is compared for all.
UNFILTERED = (
    "test_a_tenant_sees_its_own_rows_only[tasks_task]",
    "test_without_a_tenant_there_are_no_rows[tasks_task]",
)

IN_THE_DATABASE = [
    off(
        "row security is forced on the owner",
        CONSTRAINTS,
        '            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY; "\n',
        "",
        f"{DATABASE}::test_the_owner_of_the_tables_is_no_exception[tasks_task]",
        f"{CATALOGUE}::test_row_security_is_on_and_forced[tasks_task]",
        schema=True,
    ),
    off(
        "policy: USING",
        CONSTRAINTS,
        POLICY,
        POLICY.replace("USING ({owns})", "USING (true)"),
        *(f"{DATABASE}::{name}" for name in UNFILTERED),
        schema=True,
    ),
    off(
        "policy: WITH CHECK",
        CONSTRAINTS,
        POLICY,
        POLICY.replace("CHECK ({owns})", "CHECK (true)"),
        f"{DATABASE}::test_an_insert_with_a_foreign_account_id_is_refused",
        f"{DATABASE}::test_a_row_cannot_be_given_to_another_tenant[tasks_task]",
        f"{DATABASE}::test_without_a_tenant_an_insert_is_refused",
        schema=True,
    ),
    off(
        "policy: an empty setting is no tenant",
        CONSTRAINTS,
        'f"account_id = {ACTIVE_TENANT}"',
        'f"(account_id = {ACTIVE_TENANT} OR {ACTIVE_TENANT} IS NULL)"',
        f"{DATABASE}::test_without_a_tenant_there_are_no_rows[tasks_task]",
        schema=True,
    ),
    off(
        "policy of a person's own rows",
        CONSTRAINTS,
        "FOR SELECT USING ({column} = {ACTIVE_USER})",
        "FOR SELECT USING (true)",
        f"{DATABASE}::test_a_tenant_sees_its_own_rows_only[accounts_membership]",
        schema=True,
    ),
    off(
        "policy of a person's own rows is for reading",
        CONSTRAINTS,
        "FOR SELECT USING ({column} = {ACTIVE_USER})",
        "USING ({column} = {ACTIVE_USER})",
        f"{DATABASE}::test_memberships_of_a_user_can_be_read_and_not_written",
        schema=True,
    ),
    Mutant(
        "foreign keys carry the tenant",
        (
            Edit(SCHEMA, "[account, str(field.column)]", "[str(field.column)]"),
            Edit(SCHEMA, "[account, str(field.target_field.column)]", "[str(field.target_field.column)]"),
            Edit(CONSTRAINTS, KEY, KEY_AND % ("{columns}", "id")),
            ALTER,
        ),
        (
            f"{DATABASE}::test_a_row_cannot_reference_another_tenants",
            f"{DATABASE}::test_deferring_constraints_does_not_help",
        ),
        schema=True,
    ),
    Mutant(
        "primary keys carry the tenant",
        (Edit(CONSTRAINTS, KEY, KEY_AND % ("id", "{columns}")), ALTER),
        (
            f"{DATABASE}::test_an_upsert_neither_reads_nor_writes_another_tenants_row",
            f"{CATALOGUE}::test_the_primary_key_starts_with_the_tenant[tasks_task]",
        ),
        schema=True,
    ),
    off(
        "rights: the app role makes nothing",
        "tenancy/roles.py",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC;\n",
        "",
        f"{DATABASE}::test_app_role_cannot_change_row_security[CREATE TEMPORARY TABLE mine (id int)]",
        schema=True,
    ),
    off(
        "roles: the operator has no members",
        "tenancy/postgresql/roles.sql",
        "-- Reads across tenants, and writes nothing.\n",
        "SELECT format('GRANT %I TO %I', :'prefix' || '_operator', :'prefix' || '_app') \\gexec\n",
        f"{CATALOGUE}::test_operator_role_has_no_members",
        servers=True,
        at_start=True,
    ),
    off(
        "migrations: keys are checked over all rows",
        SCHEMA,
        "if READS_ROWS.search(str(sql)) else []",
        "if False else []",
        f"{MIGRATIONS}::test_a_key_over_a_row_that_breaks_it_is_refused",
        f"{MIGRATIONS}::test_a_field_with_a_default_reaches_the_rows_of_all_tenants",
    ),
    off(
        "migrations: data, tenant by tenant",
        "tenancy/migrations/__init__.py",
        "with tenant_context(tenant):\n                code",
        "if True:\n                code",
        f"{MIGRATIONS}::test_a_plain_data_migration_is_refused_and_one_per_tenant_runs",
    ),
]

ON_THE_WAY_TO_IT = [
    off(
        "settings end with the transaction",
        CURSORS,
        'f"SET LOCAL {name}',
        'f"SET {name}',
        f"{CURSOR}::test_setting_ends_with_the_transaction",
        f"{CURSOR}::test_no_setting_is_sent_without_a_tenant",
        f"{CURSOR}::test_a_failed_transaction_leaves_nothing_behind",
    ),
    off(
        "a rollback forgets what was set",
        CURSORS,
        "self._set_applied(dict.fromkeys([*self._applied(), *perhaps]))",
        "pass",
        f"{CURSOR}::test_rollback_to_a_savepoint_resets_the_setting",
        f"{CURSOR}::test_a_rollback_to_a_savepoint_does_not_bring_a_tenant_back",
        f"{CURSOR}::test_an_explicit_rollback_is_noticed",
        f"{CURSOR}::test_failed_statement_in_a_savepoint_resets_the_setting",
        f"{CURSOR}::test_statement_refused_by_the_client_keeps_the_tenant",
    ),
    off(
        "a rollback is noticed",
        CURSORS,
        "if _rolls_back(query, self):",
        "if False:",
        f"{CURSOR}::test_rollback_to_a_savepoint_resets_the_setting",
        f"{CURSOR}::test_an_explicit_rollback_is_noticed",
    ),
    off(
        "a new transaction starts with nothing set",
        CURSORS,
        "if status == TransactionStatus.IDLE:",
        "if False:",
        f"{CURSOR}::test_a_change_inside_a_transaction_is_sent_again",
        f"{CURSOR}::test_executemany_uses_the_tenant",
        f"{CURSOR}::test_setting_ends_with_the_transaction",
    ),
    off(
        "executemany() has a scope",
        CURSORS,
        "with self._scope_set():\n            super().executemany",
        "if True:\n            super().executemany",
        f"{CURSOR}::test_executemany_uses_the_tenant",
    ),
    off(
        "stream() has a scope",
        CURSORS,
        "with self._scope_set():\n            yield from super().stream",
        "if True:\n            yield from super().stream",
        f"{CURSOR}::test_stream_and_copy_out_use_the_tenant",
    ),
    off(
        "copy() has a scope",
        CURSORS,
        "with self._scope_set(), super().copy(",
        "with super().copy(",
        f"{CURSOR}::test_stream_and_copy_out_use_the_tenant",
    ),
    off(
        "pipelines are refused",
        CURSORS,
        "if pgconn.pipeline_status != PipelineStatus.OFF:",
        "if False:",
        f"{CURSOR}::test_pipelines_are_refused",
    ),
    off(
        "server-side cursors are refused",
        "tenancy/postgresql/base.py",
        '        settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True\n',
        "",
        f"{CURSOR}::test_server_side_cursors_are_refused_and_iterator_does_without",
    ),
    off(
        "on_commit() has a scope",
        "tenancy/postgresql/base.py",
        "with scoped(scope):\n                return func()",
        "if True:\n                return func()",
        f"{CURSOR}::test_on_commit_runs_in_the_tenant_of_its_registration",
    ),
    off(
        "GROUP BY names every column",
        "tenancy/postgresql/base.py",
        "for constraint in model._meta.constraints):\n            return False",
        "for constraint in model._meta.constraints):\n            return True",
        f"{ORM}::test_grouping_counts_rows_of_the_tenant",
        f"{MIGRATIONS}::test_historical_models_do_not_group_by_their_id_alone",
    ),
    off(
        "an exclusive load adds the foreign keys again",
        BULK,
        '[(table, f"ADD CONSTRAINT {key} {definition}") for table, key, definition, _ in keys]',
        "[]",
        f"{EXCLUSIVE}::test_keys_and_forced_row_security_are_the_same_afterwards",
        f"{EXCLUSIVE}::test_reference_to_a_row_of_another_tenant_is_refused",
    ),
    off(
        "an exclusive load forces row-level security again",
        BULK,
        '        _alter(cursor, [(name, "FORCE ROW LEVEL SECURITY") for name in names])\n',
        "",
        f"{EXCLUSIVE}::test_keys_and_forced_row_security_are_the_same_afterwards",
    ),
    off(
        "rows of an exclusive load belong to the tenants of the batch",
        BULK,
        "if after - before != rows:",
        "if False:",
        f"{EXCLUSIVE}::test_row_with_the_id_of_another_tenant_is_refused",
    ),
    off(
        "nothing is written across tenants",
        "tenancy/postgresql/router.py",
        "if scope.all_tenants_reason is not None or scope.user_id is not None:",
        "if False:",
        f"{ORM}::test_as_user_cannot_write",
    ),
    off(
        "a server refuses to start with a mighty role",
        "tenancy/checks.py",
        "if errors := _role_errors():",
        "if errors := []:",
        f"{CHECKS}::test_role_that_owns_tables_is_refused",
    ),
    off(
        "a server refuses to start with the owner's connection",
        "tenancy/checks.py",
        "if OWNER in connections:",
        "if False:",
        f"{CHECKS}::test_a_server_refuses_to_start_with_the_owners_connection",
    ),
]
