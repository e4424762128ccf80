"""Controls in the compilers of SQL: the tenant in each change, and queries within one plane."""

from tests.mutants.controls import off

COMPILERS, COMPILED = "tenancy/postgresql/compilers.py", "tests/tenancy/test_compilers.py"
BY_ID = "tests/isolation/test_changes_by_id.py"

OF_PLANES = [
    off(
        "deletes and updates name the tenant",
        COMPILERS,
        "query.where.add(Exact(condition, True), AND)",
        "pass",
        f"{BY_ID}::test_change_by_id_reaches_no_row_of_another_tenant_without_row_security",
        f"{COMPILED}::test_each_delete_and_update_names_the_tenant",
    ),
    off(
        "a negated condition on the tenant does not count",
        COMPILERS,
        "or where.negated or where.connector != AND",
        "",
        f"{COMPILED}::test_tenant_in_a_part_of_the_condition_does_not_count",
    ),
    off(
        "a query reads tables of one plane",
        COMPILERS,
        "        _require_one_plane(tables)\n",
        "",
        f"{COMPILED}::test_query_of_both_planes_is_refused",
    ),
    off(
        "subqueries are part of the query",
        COMPILERS,
        "if outer is not None:",
        "if False:",
        f"{COMPILED}::test_query_of_both_planes_is_refused",
    ),
    off(
        "no key from the control plane to a placed table",
        "tenancy/checks.py",
        "elif owned and is_placed(field.remote_field.model) and not is_placed(model):",
        "elif False:",
        f"{COMPILED}::test_key_from_the_control_plane_to_a_placed_table_is_an_error",
    ),
    off(
        "the table of a statement without FROM is one of the query",
        COMPILERS,
        "self._collect(self.query.get_meta().db_table)",
        "pass",
        f"{COMPILED}::test_write_that_reads_the_other_plane_is_refused",
    ),
]
