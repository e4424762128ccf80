"""exclusive_load() copies rows directly into the tables, and checks keys once per table."""

import pytest
from django.db import DataError, IntegrityError, connections, transaction
from uuid_utils.compat import uuid7

from accounts.models import Account
from projects.models import Label, Project, Status
from tenancy.postgresql import bulk
from tenancy.postgresql.bulk import exclusive_load
from tests.tenancy.test_bulk import FIELDS, names, project, status_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def load(batch, fields=FIELDS):
    with exclusive_load(fields) as load:
        return load(batch)


def protection():
    """Return the foreign keys and the tables with FORCE ROW LEVEL SECURITY."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
            " WHERE contype = 'f' ORDER BY 1, 2"
        )
        keys = cursor.fetchall()
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        return keys, {name for (name,) in cursor.fetchall()}


def test_rows_of_several_batches_and_tenants_are_loaded(acme, globex):
    web, other = project(), project("APP", "App")
    with exclusive_load(FIELDS) as load:
        assert load({acme: {Project: [web], Status: [status_of(web), status_of(web, "Done")]}, globex: {}}) == 3
        assert load({globex: {Project: [other], Status: [status_of(other)]}}) == 2
        assert load({}) == 0
    assert (names(Project, acme), names(Status, acme)) == (["Website"], ["Done", "To do"])
    assert (names(Project, globex), names(Status, globex)) == (["App"], ["To do"])


def test_keys_and_forced_row_security_are_the_same_afterwards(acme, globex):
    before = protection()
    assert before[1] >= {"projects_project", "projects_status"}
    load({acme: {Project: [project()]}})
    assert protection() == before
    theirs = project()
    with pytest.raises(IntegrityError):
        load({globex: {Project: [theirs]}, acme: {Status: [status_of(theirs)]}})
    assert protection() == before


def test_reference_to_a_row_of_another_tenant_is_refused(acme, globex):
    theirs = project()
    load({globex: {Project: [theirs]}})
    with pytest.raises(IntegrityError, match="violates foreign key constraint"):
        load({acme: {Status: [status_of(theirs)]}})
    assert names(Status, acme) == []


def test_reference_to_a_missing_row_in_the_first_batch_undoes_all_batches(acme, globex):
    with pytest.raises(IntegrityError, match="violates foreign key constraint"), exclusive_load(FIELDS) as load:
        load({acme: {Status: [status_of(project())]}})
        load({globex: {Project: [project()]}})
    assert names(Status, acme) == names(Project, globex) == []


def test_unique_keys_and_columns_are_checked(acme):
    with pytest.raises(IntegrityError, match="project_key"):
        load({acme: {Project: [project(), project()]}})
    with pytest.raises(DataError, match="value too long"):
        load({acme: {Label: [(uuid7(), "x" * 51)]}}, {Label: ("id", "name")})
    assert names(Project, acme) == []


def test_tenant_that_does_not_exist_is_refused(acme):
    gone = Account(slug="gone", name="Gone")
    gone._state.adding = False
    with pytest.raises(IntegrityError, match="is not present in table"):
        load({gone: {Project: [project()]}})


def test_row_with_the_id_of_another_tenant_is_refused(acme, globex, monkeypatch):
    """The count replaces the policy, which does not apply while FORCE is lifted."""
    write = bulk._Table.write
    monkeypatch.setattr(bulk._Table, "write", lambda table, copy, tenant, rows: write(table, copy, globex, rows))
    with pytest.raises(IntegrityError, match="Of 1 rows of projects_project, 0 belong to the tenants of the batch"):
        load({acme: {Project: [project()]}})
    assert names(Project, acme) == names(Project, globex) == []


def test_tables_that_refer_to_a_table_without_fields_are_refused(acme):
    with pytest.raises(ValueError, match="The tables refer to projects_project, so `fields` must contain them"):
        load({}, {Status: FIELDS[Status]})
    with pytest.raises(ValueError, match=r"There are rows for projects\.Status"):
        load({acme: {Status: []}}, {Project: FIELDS[Project]})


def test_other_sessions_wait_and_never_see_a_table_without_protection(acme):
    with exclusive_load(FIELDS) as load:
        load({acme: {Project: [project()]}})
        with pytest.raises(Exception, match="could not obtain lock"), transaction.atomic():
            with connections["default"].cursor() as cursor:
                cursor.execute("LOCK TABLE projects_project IN ACCESS SHARE MODE NOWAIT")
    assert names(Project, acme) == ["Website"]
