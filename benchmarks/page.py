"""A page of 50 tasks from the REST API, as a client requests it."""

import time
from statistics import median, quantiles

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from benchmarks.reports import Section
from benchmarks.testdata import Data
from tenancy.context import tenant_context
from tenancy.models import get_membership_model
from tenancy.tokens import issue

CALLS, ACCOUNTS = 400, 50
ADDRESS = "/api/v1/tasks/?page_size=50"


def measure(data: Data) -> Section:
    accounts = data.accounts[:ACCOUNTS]
    with override_settings(API_RATE_LIMITS=False):
        clients = [client_of(account) for account in accounts]
        for client in clients:
            get(client)
        with CaptureQueriesContext(connection) as captured:
            get(clients[0])
        queries = len(captured)
        times = [timed(clients[number % len(clients)]) for number in range(CALLS)]
    p50, p95 = 1000 * median(times), 1000 * quantiles(times, n=20)[-1]
    return Section(
        f"`GET {ADDRESS}` with a token, by Django's test client in one process: up to 50 tasks\n"
        f"with assignees, labels and counts of subtasks, of {len(accounts)} accounts in turn, {CALLS} requests.\n"
        f"Aims: a p50 of at most 18 ms, at most 8 queries.\n\n"
        f"**p50 {p50:.1f} ms**, p95 {p95:.1f} ms, {queries} queries.\n"
    )


def client_of(account: Account) -> Client:
    """Return a client with a token of the account's owner."""
    with tenant_context(account):
        owner = get_membership_model().objects.filter(role="owner").first()
    access, _ = issue(user_id=owner.user_id, tenant=account)
    host = f"{account.slug}.{settings.BASE_DOMAIN}"
    return Client(HTTP_HOST=host, HTTP_AUTHORIZATION=f"Bearer {access}")


def timed(client: Client) -> float:
    started = time.perf_counter()
    get(client)
    return time.perf_counter() - started


def get(client: Client) -> None:
    response = client.get(ADDRESS)
    if response.status_code != 200:
        raise RuntimeError(f"{ADDRESS} answered {response.status_code}.")
