"""CompiledQuery: SQL that is compiled once runs for the tenant and the values of each call."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import authentication, session_store
from accounts.models import Account, AuditEntry, Membership, Session, User
from tenancy.compiled import CompiledQuery
from tenancy.context import NoActiveTenant, all_tenants, as_user, no_tenant, tenant_context


@pytest.fixture
def by_user():
    return CompiledQuery(Membership, lambda user: Membership.objects.filter(user_id=user), related=["user"])


def columns_of(instance):
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_row_is_that_of_the_queryset_with_its_related_row(acme, alice, by_user, django_assert_num_queries):
    with tenant_context(acme):
        expected = Membership.objects.select_related("user").get(user=alice)
        by_user.first(user=alice.pk)  # compiles
        with django_assert_num_queries(1):
            found = by_user.first(user=alice.pk)
            assert columns_of(found) == columns_of(expected)
            assert columns_of(found.user) == columns_of(expected.user)
        assert found._state.db == expected._state.db
        assert not found._state.adding
        found.save()


@pytest.mark.parametrize("query", [authentication.MEMBER, session_store.MEMBER])
def test_query_of_each_request_selects_what_the_orm_selects(acme, alice, query):
    key, now = "k" * 32, timezone.now()
    for session_key in ("a" * 32, key, "z" * 32):
        expires = now + timedelta(days=1)
        Session.objects.create(session_key=session_key, session_data=session_key, user=alice, expire_date=expires)
    given = {"user_id": alice.pk, "key": key, "now": now}
    with tenant_context(acme):
        values = {name: given[name] for name in query._names}
        expected = query._build(**values).select_related("user").get()
        found = query.first(**values)
    assert [columns_of(found), columns_of(found.user)] == [columns_of(expected), columns_of(expected.user)]
    assert [getattr(found, name) for name in query._annotated] == [
        getattr(expected, name) for name in query._annotated
    ]


def test_query_that_was_compiled_for_one_tenant_runs_for_another(acme, globex, alice, mallory, by_user):
    with tenant_context(acme):
        assert by_user.first(user=alice.pk).account_id == acme.pk
        assert by_user.first(user=mallory.pk) is None
    with tenant_context(globex):
        assert by_user.first(user=mallory.pk).account_id == globex.pk
        assert by_user.first(user=alice.pk) is None


@pytest.mark.django_db(databases=["default", "owner"])
def test_query_filters_by_the_tenant_without_row_security(acme, globex, alice, by_user):
    """The condition is in the SQL, so that it holds even if row-level security does not."""
    with tenant_context(acme):
        by_user.first(user=alice.pk)
    with tenant_context(globex), CaptureQueriesContext(connection) as captured:
        by_user.first(user=alice.pk)
    assert f"\"account_id\" = '{globex.pk.hex}'::uuid" in captured.captured_queries[-1]["sql"]


def test_query_needs_an_active_tenant(acme, alice, by_user):
    with tenant_context(acme):
        by_user.first(user=alice.pk)
    for scope in (no_tenant(), as_user(alice), all_tenants(reason="a test")):
        with scope, pytest.raises(NoActiveTenant):
            by_user.first(user=alice.pk)


@pytest.mark.parametrize("name", ["' OR 1 = 1 --", "100 %s %(text)s", "\\", "plain"])
def test_values_are_parameters(acme, alice, name):
    query = CompiledQuery(Membership, lambda name: Membership.objects.filter(user__name=name))
    User.objects.filter(pk=alice.pk).update(name=name)
    with tenant_context(acme):
        assert query.first(name=name).user_id == alice.pk
        assert query.first(name=f"{name}x") is None


@pytest.mark.parametrize("values", [{}, {"user": None}, {"other": 1}, {"user": 1, "other": 1}])
def test_missing_and_unknown_values_and_none_are_refused(acme, by_user, values):
    with tenant_context(acme), pytest.raises(TypeError, match="A value other than None is needed for each of user"):
        by_user.first(**values)


def test_query_that_ignores_a_value_is_refused(acme):
    query = CompiledQuery(Membership, lambda user: Membership.objects.all())
    with tenant_context(acme), pytest.raises(TypeError, match="does not use each parameter"):
        query.first(user=1)


def test_query_that_ignores_the_tenant_is_refused(acme):
    query = CompiledQuery(Account, lambda key: Account.objects.filter(pk=key))
    with tenant_context(acme), pytest.raises(TypeError, match="does not use each parameter"):
        query.first(key=acme.pk)


def test_values_that_django_converts_are_refused(acme):
    query = CompiledQuery(AuditEntry, lambda action: AuditEntry.objects.filter(action=action))
    with tenant_context(acme), pytest.raises(TypeError, match="values of data are converted"):
        query.first(action="x")


def test_reference_that_can_be_null_is_refused(acme):
    query = CompiledQuery(AuditEntry, lambda action: AuditEntry.objects.filter(action=action), related=["actor"])
    with tenant_context(acme), pytest.raises(TypeError, match="actor can be null"):
        query.first(action="x")


@pytest.mark.django_db(transaction=True)
def test_threads_use_one_statement_for_different_tenants(acme, globex, alice, mallory, by_user):
    def account_of(tenant, user):
        try:
            with tenant_context(tenant):
                return by_user.first(user=user.pk).account_id
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        wanted = [(acme, alice), (globex, mallory)] * 20
        found = list(threads.map(account_of, *zip(*wanted, strict=True)))
    assert found == [tenant.pk for tenant, _user in wanted]
