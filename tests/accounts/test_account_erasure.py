"""Account erasure: the job and the command"""

from io import BytesIO
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.actions import account_erasure
from accounts.actions.accounts import create_account
from accounts.jobs import erase_deleted
from accounts.models import Account, AuditEntry, Domain, RefreshFamily, Session, User
from projects.models import Label
from tenancy.context import tenant_context
from tenancy.fields import TenantForeignKey
from tenancy.models import Anchor, is_tenant_owned
from tenancy.outbox.models import DailyRun, OutboxJob
from tenancy.places import atomic
from tenancy.planes import CrossPlaneTransaction
from tenancy.testing import membership_of
from tests.accounts.account_deletion import pass_time
from tests.isolation.conftest import populate

pytestmark = pytest.mark.django_db


def rows_of(account):
    """Return the number of rows of an account in each table, as the operator reads them."""
    with connection.cursor() as cursor, tenant_context(account):
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'account_id'"
            " AND table_schema = 'public' ORDER BY 1"
        )
        tables = [name for (name,) in cursor.fetchall()]
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE account_id = %s', [account.pk])
            counts[table] = cursor.fetchone()[0]
    return counts


@pytest.fixture
def ours(acme, alice):
    return populate(acme, alice)


@pytest.fixture
def theirs(globex, mallory):
    return populate(globex, mallory)


@pytest.fixture
def filled(client, ours, theirs, alice, mallory, acme, globex):
    """Both accounts have rows of every kind. Yields nothing."""
    for tenant in (acme, globex):
        Domain.objects.create(tenant=tenant, host=f"old-{tenant.slug}.localhost")
        DailyRun.objects.create(job="x", tenant_id=tenant.pk, day=timezone.now().date())
        with tenant_context(tenant):
            default_storage.save(f"exports/{uuid4()}", BytesIO(b"x"))
            cache.set("key", tenant.slug)
    client.as_(alice), client.as_(mallory)
    assert all(rows_of(acme).values()), rows_of(acme)


def files_of(account):
    client = default_storage.connection.meta.client
    return client.list_objects_v2(Bucket=default_storage.bucket_name, Prefix=f"tenants/{account.pk}/").get("KeyCount")


def test_erasure_after_two_weeks_deletes_the_rows_of_that_account_only(client, acme, globex, filled, alice, mallory):
    theirs = rows_of(globex), Session.objects.count()
    pass_time(acme)
    erase_deleted()
    assert not any(rows_of(acme).values()), rows_of(acme)
    assert (rows_of(globex), Session.objects.count()) == (theirs[0], theirs[1] - 1)
    assert (files_of(acme), files_of(globex)) == (None, 1)
    with tenant_context(acme):
        assert cache.get("key") is None
    with tenant_context(globex):
        assert cache.get("key") == "globex"
    assert not Domain.objects.filter(tenant_id=acme.pk).exists()
    assert [run.tenant_id for run in DailyRun.objects.all()] == [globex.pk]
    assert not OutboxJob.objects.filter(tenant_id=acme.pk).exists()
    assert User.objects.filter(pk=alice.pk).exists()  # users belong to no account
    assert client.as_(mallory).get("/").status_code == 200
    with tenant_context(globex):
        default_storage.delete_all()


def test_slug_is_free_only_after_erasure(acme, alice):
    with pytest.raises(ValidationError, match="already exists"):
        create_account(slug="acme", name="Acme", owner_email="eve@example.com")
    pass_time(acme, days=13)
    assert account_erasure.erase_due_accounts() == 0
    pass_time(acme)
    assert account_erasure.erase_due_accounts() == 1
    assert account_erasure.erase_due_accounts() == 0
    assert create_account(slug="acme", name="Acme", owner_email="eve@example.com").account.pk != acme.pk


def test_account_before_its_due_date_is_not_erased(acme, alice):
    for account in (acme, pass_time(acme, days=13)):
        with pytest.raises(ValueError, match="is not to be erased"):
            account_erasure.erase_account(account)
    assert Account.objects.filter(pk=acme.pk).exists()


def rows_of_control_plane(placed):
    """Return whether this call is after the content and its anchor."""
    return not placed


@pytest.mark.parametrize(
    ("killed_in", "when"),
    [
        ("_erase_content", None),
        ("places.anchor", None),
        ("_delete_rows", rows_of_control_plane),
        ("default_storage.delete_all", None),
        ("_erase_sessions", None),
        ("clear_tenant", None),
        ("_erase_account_row", None),
    ],
)
def test_killed_erasure_is_resumed(acme, filled, monkeypatch, killed_in, when):
    account = pass_time(acme)
    target, _, name = killed_in.rpartition(".")
    target = getattr(account_erasure, target) if target else account_erasure
    called = getattr(target, name)

    def die(*args, **kwargs):
        if when is None or when(**kwargs):
            raise KeyboardInterrupt
        return called(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(target, name, die)
        account_erasure.erase_account(account)
    assert Account.objects.get(pk=acme.pk).slug == "acme"
    assert account_erasure.erase_due_accounts() == 1
    assert not any(rows_of(acme).values())
    assert account_erasure.erase_account(account) is False  # another worker was faster


def test_erasure_in_one_transaction_is_refused(acme, filled):
    with pytest.raises(CrossPlaneTransaction), transaction.atomic():
        account_erasure.erase_account(pass_time(acme))


def test_account_that_cannot_be_erased_does_not_block_others(acme, globex, monkeypatch):
    pass_time(acme, days=20), pass_time(globex)
    clear = account_erasure.clear_tenant

    def fail_at_acme(account):
        if account.pk == acme.pk:
            raise RuntimeError("something is wrong with this one")
        clear(account)

    monkeypatch.setattr(account_erasure, "clear_tenant", fail_at_acme)
    with pytest.raises(RuntimeError, match="this one"):
        account_erasure.erase_due_accounts()
    assert list(Account.objects.values_list("slug", flat=True)) == ["acme"]


def test_rows_written_during_erasure_are_erased(acme, alice, filled, project, monkeypatch):
    account, clear, member = pass_time(acme), account_erasure.clear_tenant, membership_of(alice, acme)
    writes = iter([True])

    def write_first(account):
        if next(writes, False):
            with tenant_context(account):
                RefreshFamily.objects.create(member=member, current_token_id=uuid4(), expires_at=timezone.now())
        clear(account)

    def commit(row):
        with transaction.atomic():
            found = erase(row)
            connection.check_constraints()  # as a commit does; tests do not commit
        return found

    erase = account_erasure._erase_account_row
    monkeypatch.setattr(account_erasure, "clear_tenant", write_first)
    monkeypatch.setattr(account_erasure, "_erase_account_row", commit)
    assert account_erasure.erase_account(account) is True
    assert not any(rows_of(acme).values())


def test_content_written_during_erasure_is_erased_with_the_anchor(acme, globex, filled, project, monkeypatch):
    def write_first(*, placed):
        delete(placed=placed)
        if placed:
            Label.objects.create(name="late")

    delete, before = account_erasure._delete_rows, rows_of(globex)
    monkeypatch.setattr(account_erasure, "_delete_rows", write_first)
    assert account_erasure.erase_account(pass_time(acme)) is True
    assert not any(rows_of(acme).values())
    assert rows_of(globex) == before


def test_content_cannot_be_written_after_the_anchor_is_gone(acme, filled):
    """As by a request that began before the suspension."""
    pass_time(acme)
    with tenant_context(acme):
        account_erasure._erase_content()
        with pytest.raises(IntegrityError), atomic():
            Label.objects.create(name="late")


def test_anchor_of_another_account_is_neither_seen_nor_deleted(acme, globex):
    with tenant_context(acme):
        assert list(Anchor.objects.values_list("pk", flat=True)) == [acme.pk]
        assert Anchor.objects.filter(pk=globex.pk)._raw_delete("default") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Anchor.objects.create(pk=uuid4())
    with tenant_context(globex):
        assert Anchor.objects.count() == 1
    assert not Anchor.objects.exists()


def test_audit_log_is_erased_with_the_account(acme, filled):
    with tenant_context(acme), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        AuditEntry.objects.all()._raw_delete("default")
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=acme.pk)._raw_delete("default")  # it has other rows
        connection.check_constraints()


# The command --------------------------------------------------------------------------------------------------------


def test_command_erases_the_account_immediately(acme, filled, capsys, monkeypatch):
    for typed in ("", "globex", "yes"):
        monkeypatch.setattr("builtins.input", lambda question, typed=typed: typed)
        with pytest.raises(CommandError, match="Nothing was deleted") as refused:
            call_command("deletetenant", "acme")
        assert refused.value.returncode == 2
    monkeypatch.setattr("builtins.input", lambda question: "acme")
    call_command("deletetenant", "acme")
    assert "acme is deleted." in capsys.readouterr().out
    assert not any(rows_of(acme).values())
    with pytest.raises(CommandError, match='There is no tenant "acme"'):
        call_command("deletetenant", "acme", force=True)


def test_command_with_force_does_not_prompt(acme, filled):
    call_command("deletetenant", "acme", force=True)
    assert not Account.objects.filter(pk=acme.pk).exists()


def test_erasure_order_covers_every_tenant_owned_table():
    owned = {model for model in apps.get_models() if is_tenant_owned(model)}
    by_itself = {model for model in owned if model.erased_with_tenant}
    order = list(account_erasure._children_first())
    assert set(order) == owned - by_itself
    assert {model.__name__ for model in by_itself} == {"AuditEntry", "Membership"}
    places = {model: number for number, model in enumerate(order)}
    for model in order:
        for field in model._meta.local_fields:
            target = field.remote_field.model if isinstance(field, TenantForeignKey) else None
            assert target not in places or places[model] < places[target], (model, target)
