"""Members of accounts who send requests to a web process, one after the other, over one kept-alive connection."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote_plus
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.db import connections

from accounts.models import Account
from accounts.plans import Plan
from benchmarks.requests import log_in
from benchmarks.serving import Server
from tenancy.roles import OWNER
from tenancy.tokens import issue
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Visitor:
    """The owner of an account, with a session for pages and a token for the API."""

    account: Account
    user_id: UUID
    host: str
    cookie: str

    def headers(self, path: str) -> dict[str, str]:
        """Return the headers of a request. Tokens are new, because they expire after minutes."""
        own = {"Authorization": self.token} if path.startswith("/api/") else {"Cookie": self.cookie}
        return {"Host": self.host, **own}

    @property
    def token(self) -> str:
        access, _refresh = issue(user_id=self.user_id, tenant=self.account)
        return f"Bearer {access}"


def visitor_of(account: Account) -> Visitor:
    """Log in the owner of an account."""
    client = log_in(account)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return Visitor(account, UUID(client.session[SESSION_KEY]), client.defaults["HTTP_HOST"], cookie)


class WebClient:
    """One connection to a web process."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)

    def timed(self, visitor: Visitor, path: str) -> float:
        """Send a request and return the milliseconds until its response was complete.

        Raises RuntimeError if its status is not 200.
        """
        headers = visitor.headers(path)
        started = time.perf_counter()
        self._connection.request("GET", path, headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        passed = time.perf_counter() - started
        if response.status != 200:
            raise RuntimeError(f"{visitor.host}{path} answered {response.status}: {body[:500]!r}")
        return 1000 * passed

    def timed_all(self, requests: Sequence[tuple[Visitor, str]]) -> tuple[list[float], float]:
        """Return the milliseconds of each request, and those of processor time per request of the web process."""
        before = self.server.processor_seconds()
        times = [self.timed(*request) for request in requests]
        return times, 1000 * (self.server.processor_seconds() - before) / len(times)


def search_for(words: str, *, api: bool = False) -> str:
    """Return the path of a search for words."""
    return f"{'/api/v1' if api else ''}/search/?q={quote_plus(words)}"


def prepare() -> None:
    """Update the statistics of the planner, and give all accounts the highest limits of the API."""
    Account.objects.using(OWNER).update(plan=Plan.BUSINESS)
    with connections[OWNER].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def database_bytes() -> int:
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    return int(size)


def memory_of(pid: int) -> dict[str, float]:
    """Return the resident memory of a process in MiB: `Rss`, and `Pss`, with shared pages divided by their users."""
    rows = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {name.rstrip(":"): int(size) / 1024 for name, size, _unit in rows if name in ("Rss:", "Pss:")}


def p50_and_p95(times: Iterable[float]) -> tuple[float, float]:
    times = list(times)
    return median(times), quantiles(times, n=20, method="inclusive")[-1]
