"""Controls in the compilers of SQL: the tenant in each change, and queries within one plane."""

from tests.mutants.controls import off

COMPILERS, COMPILED = "tenancy/postgresql/compilers.py", "tests/tenancy/test_compilers.py"
ERASURE = "tests/accounts/test_account_erasure.py"
GUARD = "tests/tenancy/test_planes.py"
TWO = "tests/accounts/test_two_planes.py"
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
    off(
        "a transaction writes rows of one plane",
        COMPILERS,
        "        self.connection.will_write(self.query.get_meta())\n",
        "",
        f"{GUARD}::test_content_is_not_written_in_a_transaction_of_the_control_plane",
        f"{GUARD}::test_control_plane_is_not_written_in_a_transaction_of_content",
        f"{TWO}::test_end_of_a_membership_in_one_transaction_is_refused",
        f"{TWO}::test_audit_entry_in_the_transaction_of_content_is_refused",
    ),
    off(
        "a transaction of content begins outside of one of the control plane",
        "tenancy/places.py",
        "        cast(Any, connections)[self.using].will_begin_content()\n",
        "",
        f"{GUARD}::test_transaction_of_content_does_not_begin_in_one_of_the_control_plane",
    ),
    off(
        "a late job leaves the rows of a readmitted member",
        "accounts/actions/members.py",
        "Membership.objects.filter(user_id=user_id).exclude(ended_at=None)",
        "Membership.objects.filter(user_id=user_id)",
        f"{TWO}::test_late_job_leaves_the_rows_of_a_readmitted_member",
        f"{TWO}::test_rows_of_a_current_member_are_not_deleted",
    ),
    off(
        "former members whose job was dropped lose their rows",
        "accounts/jobs.py",
        "    members.delete_ended_rows_of_all()\n",
        "",
        f"{TWO}::test_rows_whose_job_was_dropped_are_deleted_by_the_daily_job",
    ),
    off(
        "a return first deletes what is left of the earlier membership",
        "accounts/actions/acceptance.py",
        "    delete_ended_rows(user_id=user.pk)\n",
        "",
        f"{TWO}::test_readmission_deletes_what_remains_before_the_job",
    ),
    off(
        "nothing returns while rows of the earlier membership are left",
        "accounts/actions/members.py",
        "    if any(rows.exists() for rows in _ending_rows(member)):",
        "    if False:",
        f"{TWO}::test_readmission_is_refused_while_rows_remain",
    ),
    off(
        "an entry of the audit log is copied once",
        "accounts/audit.py",
        "entries, ignore_conflicts=True",
        "[AuditEntry(**{name: getattr(draft, name) for name in names if name != 'id'}) for draft in drafts]",
        f"{TWO}::test_entry_of_a_killed_job_is_neither_lost_nor_copied_twice",
    ),
    off(
        "a member who is added to a project is a current one",
        "projects/actions/projects.py",
        "    if not Membership.objects.current().filter(pk=member.pk).exists():",
        "    if False:",
        f"{TWO}::test_former_member_is_not_added_to_a_project",
    ),
    off(
        "content is read and written where it is",
        "tenancy/postgresql/router.py",
        "for_write(self, model: Any, **hints: Any) -> str | None:\n",
        "for_write(self, model: Any, **hints: Any) -> str | None:\n        return None\n",
        "tests/isolation/test_places.py::test_action_reads_and_writes_content_where_it_is",
    ),
    off(
        "the anchor ends with the content of an account",
        "accounts/actions/account_erasure.py",
        "    places.anchor()._raw_delete(places.alias())\n",
        "",
        f"{ERASURE}::test_content_cannot_be_written_after_the_anchor_is_gone",
    ),
    off(
        "the anchor is under row security",
        "tenancy/migrations/0001_initial.py",
        "                'constraints': [tenancy.constraints.TenantRowSecurity(name='tenancy_anchor_tenant_rls')],\n",
        "",
        f"{ERASURE}::test_anchor_of_another_account_is_neither_seen_nor_deleted",
        schema=True,
    ),
    off(
        "content of all tenants is read place by place",
        "tenancy/models.py",
        " and self._is_whole(scope):",
        ":",
        "tests/isolation/test_places.py::test_content_of_all_tenants_is_not_read_without_a_place",
    ),
]
