"""A list of 50 tasks: `Task.objects` under row security, and plain models with explicit filters."""

from django.db import transaction

from accounts.models import Account
from benchmarks.measuring import HEADER, compare
from benchmarks.reports import Section
from benchmarks.testdata import Data
from benchmarks.twins import PLAIN, PlainTask, make_twins
from tasks.models import Task
from tenancy.context import tenant_context

SIZE, CALLS = 50, 1200


def ours(account: Account) -> object:
    with tenant_context(account):
        return list(Task.objects.all()[:SIZE])


def plain(account: Account) -> object:
    return list(PlainTask.objects.using(PLAIN).filter(account_id=account.pk)[:SIZE])


def ours_in_transaction(account: Account) -> object:
    with transaction.atomic():
        return ours(account)


def plain_in_transaction(account: Account) -> object:
    with transaction.atomic(using=PLAIN):
        return plain(account)


def measure(data: Data) -> Section:
    make_twins(data.accounts)
    found = [
        compare("outside a transaction", data.accounts, ours=ours, plain=plain, calls=CALLS),
        compare(
            "in a transaction of its own",
            data.accounts,
            ours=ours_in_transaction,
            plain=plain_in_transaction,
            calls=CALLS,
        ),
    ]
    lines = [
        f"The {SIZE} newest tasks of each account in turn: `Task.objects.all()[:{SIZE}]` in its `tenant_context()`,",
        "against Django's own backend and a model without tenancy, on a copy of the table with the same rows and",
        "indexes and without row security, filtered by hand. Aim: a p50 ratio of at most 1.10.\n",
        HEADER,
        *(comparison.row() for comparison in found),
    ]
    return Section("\n".join(lines) + "\n")
