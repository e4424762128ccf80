"""Bulk loading inserts many rows under every check, key and policy."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connections, transaction
from uuid_utils.compat import uuid7

from accounts.models import Account, Color
from projects.models import Activity, Label, Project, Status
from tenancy.context import get_active_tenant, tenant_context
from tenancy.postgresql.bulk import bulk_load

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

FIELDS = {Project: ("id", "key", "name"), Status: ("id", "project_id", "name", "category", "rank")}


def project(key="WEB", name="Website"):
    return (uuid7(), key, name)


def status_of(project, name="To do"):
    return (uuid7(), project[0], name, "todo", "V0000")


def names(model, tenant):
    with tenant_context(tenant):
        return sorted(model.objects.values_list("name", flat=True))


def test_the_rows_of_several_tenants_arrive_in_one_go_each_with_its_own(acme, globex):
    web, app, other = project(), project("APP", "App"), project()
    batch = {
        acme: {Project: [web, app], Status: [status_of(web), status_of(web, "Done")]},
        globex: {Project: [other], Status: [status_of(other)]},
    }
    assert bulk_load(batch, FIELDS) == 6
    assert (names(Project, acme), names(Status, acme)) == (["App", "Website"], ["Done", "To do"])
    assert (names(Project, globex), names(Status, globex)) == (["Website"], ["To do"])
    with tenant_context(acme):
        assert Status.objects.get(name="Done").project_id == web[0]


def test_fields_that_are_left_out_get_what_save_would_give_them(acme):
    bulk_load({acme: {Project: [project()]}}, FIELDS)
    with tenant_context(acme):
        loaded = Project.objects.get()
    assert (loaded.description, loaded.color, loaded.private, loaded.archived_at) == ("", Color.BLUE, False, None)
    assert (loaded.last_task_number, loaded.last_activity_seq) == (0, 0)
    assert datetime.now(UTC) - loaded.created_at < timedelta(minutes=1)


def test_text_arrives_in_the_form_in_which_it_is_stored_with_what_it_is_sorted_by(acme):
    bulk_load({acme: {Label: [(uuid7(), "E\u200b\u0301cran")]}}, {Label: ("id", "name")})
    with tenant_context(acme):
        assert Label.objects.values_list("name", "name_key").get() == ("Écran", "ecran")


def test_a_default_that_is_not_text_arrives_as_what_it_is(acme):
    web = project()
    activity = (uuid7(), web[0], 1, "project.created", web[0])
    fields = {**FIELDS, Activity: ("id", "project_id", "seq", "verb", "object_id")}
    bulk_load({acme: {Project: [web], Activity: [activity]}}, fields)
    with tenant_context(acme):
        assert Activity.objects.get().data == {}


@pytest.mark.parametrize("text", ["tab\there", "line\nbreak", "back\\slash", "\\N", "%(tenant)s", "'; --", "عربي", ""])
def test_texts_arrive_as_they_are(acme, text):
    bulk_load({acme: {Project: [project(name=text)]}}, FIELDS)
    assert names(Project, acme) == [text]


def test_tenants_without_rows_and_tables_without_rows_are_fine(acme, globex):
    assert bulk_load({acme: {Project: [project()]}, globex: {}}, FIELDS) == 1
    assert bulk_load({}, FIELDS) == 0


def test_two_batches_fit_into_one_transaction(acme, globex):
    with transaction.atomic(using="owner"):
        bulk_load({acme: {Project: [project()]}}, FIELDS)
        bulk_load({globex: {Project: [project()]}}, FIELDS)
    assert names(Project, acme) == names(Project, globex) == ["Website"]


def test_the_tenant_that_was_active_is_active_afterwards_and_has_no_say(acme, globex):
    with tenant_context(globex):
        bulk_load({acme: {Project: [project()]}}, FIELDS)
        assert get_active_tenant() == globex
    assert names(Project, acme) == ["Website"]
    assert names(Project, globex) == []


def test_a_reference_to_another_tenants_row_is_refused(acme, globex):
    theirs = project()
    bulk_load({globex: {Project: [theirs]}}, FIELDS)
    with pytest.raises(IntegrityError, match="violates foreign key constraint"):
        bulk_load({acme: {Status: [status_of(theirs)]}}, FIELDS)
    assert names(Status, acme) == []


def test_a_unique_key_holds_within_a_tenant_and_the_whole_batch_is_undone(acme, globex):
    batch = {acme: {Project: [project()]}, globex: {Project: [project(), project()]}}
    with pytest.raises(IntegrityError, match="project_key"):
        bulk_load(batch, FIELDS)
    assert names(Project, acme) == names(Project, globex) == []


def test_a_tenant_that_does_not_exist_is_refused(acme):
    gone = Account(slug="gone", name="Gone")
    gone._state.adding = False
    with pytest.raises(IntegrityError, match="is not present in table"):
        bulk_load({gone: {Project: [project()]}}, FIELDS)


def test_the_policy_refuses_a_row_that_turns_up_under_a_foreign_account_id(acme, globex, monkeypatch):
    """A wrong grouping by tenant would insert rows of globex while acme is active."""
    from tenancy.postgresql import bulk

    monkeypatch.setattr(bulk, "INSERT", bulk.INSERT.partition(" WHERE ")[0] + " WHERE %(tenant)s IS NOT NULL")
    with pytest.raises(ProgrammingError, match="violates row-level security policy"):
        bulk_load({acme: {}, globex: {Project: [project()]}}, FIELDS)
    assert names(Project, acme) == names(Project, globex) == []


def test_owner_cannot_copy_directly_into_the_table(acme):
    with tenant_context(acme), transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="COPY FROM not supported"):
            with cursor.copy("COPY projects_label (account_id, id, name, color) FROM STDIN") as copy:
                copy.write_row((str(acme.pk), str(uuid7()), "bug", "red"))
        transaction.set_rollback(True, using="owner")


def test_a_value_that_the_column_cannot_hold_is_refused(acme):
    with pytest.raises(DataError, match="invalid input syntax"):
        bulk_load({acme: {Project: [("not-an-id", "WEB", "Website")]}}, FIELDS)
    with pytest.raises(DataError, match="value too long"):
        bulk_load({acme: {Label: [(uuid7(), "x" * 51)]}}, {Label: ("id", "name")})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({Project: ("key", "name")}, r"projects.Project cannot be loaded .* key, name: take id and others of"),
        ({Project: ("id", "account_id", "key", "name")}, "account_id"),
        ({Status: ("id", "project", "name", "category", "rank")}, "project, name, category, rank: .* project_id"),
        ({}, "There are rows for projects.Project"),
    ],
)
def test_fields_that_cannot_be_loaded_are_refused(acme, fields: Mapping, message):
    with pytest.raises(ValueError, match=message):
        bulk_load({acme: dict.fromkeys(fields or [Project], ())}, fields)


def test_no_temporary_table_is_left(acme):
    bulk_load({acme: {Project: [project()]}}, FIELDS)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'")
        assert cursor.fetchall() == []
