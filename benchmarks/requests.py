"""A request of a logged-in member, with and without the tenancy middleware and row security."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.test import Client, override_settings
from django.urls import path

from accounts.models import Account, User
from benchmarks.measuring import HEADER, compare
from benchmarks.reports import Section
from benchmarks.testdata import Data
from benchmarks.twins import PLAIN, PlainTask, make_twins
from tasks.models import Task
from tenancy.context import no_tenant, tenant_context
from tenancy.models import get_membership_model
from tenancy.sessions import KEY, bind_session

SIZE, CALLS, ACCOUNTS = 50, 600, 50
TENANCY = {"tenancy.middleware.TenantMiddleware", "accounts.middleware.MembershipMiddleware"}


def ours(request: HttpRequest) -> JsonResponse:
    return answer(Task.objects.all()[:SIZE])


def plain(request: HttpRequest) -> JsonResponse:
    return answer(PlainTask.objects.using(PLAIN).filter(account_id=request.session[KEY])[:SIZE])


def answer(tasks: Any) -> JsonResponse:
    return JsonResponse({"results": [{"id": task.pk, "title": task.title, "rank": task.rank} for task in tasks]})


urlpatterns = [path("ours/", ours), path("plain/", plain)]


def measure(data: Data) -> Section:
    make_twins(data.accounts)
    accounts = data.accounts[:ACCOUNTS]
    variants = {
        name: {**variant, "URLCONF": "benchmarks.requests"} for name, variant in settings.TENANCY["VARIANTS"].items()
    }
    everywhere = {"ROOT_URLCONF": "benchmarks.requests", "TENANCY": {**settings.TENANCY, "VARIANTS": variants}}
    without = [name for name in settings.MIDDLEWARE if name not in TENANCY]
    with override_settings(**everywhere):
        with_tenancy = {account.pk: log_in(account) for account in accounts}
        with override_settings(MIDDLEWARE=without):  # read when a client sends its first request
            bare = {account.pk: log_in(account) for account in accounts}
            for client in bare.values():
                get(client, "/plain/")
        found = compare(
            "one request",
            accounts,
            ours=lambda account: get(with_tenancy[account.pk], "/ours/"),
            plain=lambda account: get(bare[account.pk], "/plain/"),
            calls=CALLS,
        )
    lines = [
        f"Django's test client in one process, a session of a member, a view that answers {SIZE} tasks as JSON. Ours",
        "finds the account by the host (in the cache, warm), checks that the session is bound to it, reads the",
        "membership from the database, and reads the tasks under row security. Plain has the same middleware without",
        "these two, and filters by the account in the session, on a table without row security. Ours reads session,",
        "user and membership with a query that was compiled once (decision 15), plain session and user with the ORM,",
        "as Django does. Aim: 1.15.\n",
        HEADER,
        found.row(),
    ]
    return Section("\n".join(lines) + "\n")


def log_in(account: Account) -> Client:
    """Return a client with a session of the account's owner on its host."""
    client = Client(HTTP_HOST=f"{account.slug}.{settings.BASE_DOMAIN}")
    with tenant_context(account):
        member = get_membership_model().objects.filter(role="owner").select_related("user").first()
        user: User = member.user
    with no_tenant():
        client.force_login(user)
        session = client.session
    with tenant_context(account):
        bind_session(session)
    session.save()
    return client


def get(client: Client, address: str) -> object:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}.")
    return response.content
