"""A transaction writes rows of one plane."""

from contextlib import nullcontext

import pytest
from django.db import transaction

from accounts.models import User
from projects.models import Label
from tenancy.context import NoActiveTenant, tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.places import atomic
from tenancy.planes import CrossPlaneTransaction


def control():
    User.objects.filter(email="x").update(name="x")


def content():
    Label.objects.filter(name="x").update(name="y")


WRITES = {
    "update": content,
    "insert": lambda: Label.objects.create(name="x"),
    "insert of many": lambda: Label.objects.bulk_create([Label(name="x")]),
    "delete": lambda: Label.objects.filter(name="to delete").delete(),
    "delete without signals": lambda: Label.objects.filter(name="x")._raw_delete("default"),
}


@pytest.fixture(params=[True, False], ids=["in a test case", "outside"])
def tenant(request):
    """Acme, in the transaction of a test case or outside of any."""
    request.getfixturevalue("db" if request.param else "transactional_db")
    return request.getfixturevalue("acme")


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_content_is_not_written_in_a_transaction_of_the_control_plane(tenant, write):
    with tenant_context(tenant):
        Label.objects.create(name="to delete")
        for block in (nullcontext, atomic, transaction.atomic):  # a block in it is a part of it
            with pytest.raises(CrossPlaneTransaction), transaction.atomic(), block():
                write()


def test_control_plane_is_not_written_in_a_transaction_of_content(tenant):
    with tenant_context(tenant):
        for block in (nullcontext, atomic, transaction.atomic):
            with pytest.raises(CrossPlaneTransaction), atomic(), block():
                control()


def test_each_plane_is_written_in_its_own_transactions(tenant):
    @transaction.atomic
    def change_control():
        control()

    @atomic
    def change_content(again=True):
        content()
        if again:
            change_content(again=False)

    with tenant_context(tenant):
        for _time in range(2):
            change_control()
            change_content()
            content()  # and without a block, each statement is a transaction
            control()
        for write in WRITES.values():
            Label.objects.filter(name="x").delete()
            write()


def test_transaction_of_content_does_not_begin_in_one_of_the_control_plane(tenant):
    """Also if it would write nothing."""
    with tenant_context(tenant), pytest.raises(CrossPlaneTransaction), transaction.atomic(), atomic():
        pass


def test_content_has_no_transaction_without_a_tenant(db):
    with pytest.raises(NoActiveTenant), atomic():
        pass


def test_jobs_may_be_enqueued_with_either_plane(acme):
    for block in (atomic, transaction.atomic):
        with tenant_context(acme), block():
            OutboxJob.objects.create(tenant_id=acme.pk, name="x")


def test_guard_is_off_in_production(acme, settings):
    settings.TENANCY = {key: value for key, value in settings.TENANCY.items() if key != "GUARD_TRANSACTIONS"}
    with tenant_context(acme), transaction.atomic():
        control()
        content()
