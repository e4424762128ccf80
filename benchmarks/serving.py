"""Requests per second and processor time per request of one and of two web processes, over kept-alive connections."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
from django.conf import settings

from accounts.models import Account
from accounts.plans import Plan
from benchmarks.page import client_of
from benchmarks.plots import bars
from benchmarks.reports import Section
from benchmarks.requests import log_in
from benchmarks.testdata import Data
from tests.isolation.live import running_web_process
from tests.waiting import PATIENCE

ROUNDS, SECONDS, WARM_UP_SECONDS = 3, 3.0, 1.0
POOL_SIZE = 16  # as in config.asgi
TICKS = os.sysconf("SC_CLK_TCK")  # a second, of the kernel's processor times


@dataclass(frozen=True)
class Server:
    """Web processes that listen on one port of the loopback interface; `pid` is the only one or their parent."""

    port: int
    pid: int
    processes: int

    def processor_seconds(self) -> float:
        """Return the processor time of all processes until now."""
        return _processor_seconds(self.pid)


@dataclass
class Case:
    """What is requested, over how many connections. The lists have one entry a round."""

    title: str
    requests: Sequence[str]
    server: Server
    aim: str = ""
    rates: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> tuple[float, float]:
        """Return requests per second and milliseconds of processor time per request."""
        before = self.server.processor_seconds()
        given = json.dumps({"port": self.server.port, "seconds": seconds, "requests": list(self.requests)})
        command = [sys.executable, "-m", "benchmarks.loading"]
        done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        found = json.loads(done.stdout)
        spent = self.server.processor_seconds() - before
        return found["responses"] / found["seconds"], 1000 * spent / found["all"]

    def measure(self) -> None:
        rate, milliseconds = self.run(SECONDS)
        self.rates.append(rate)
        self.milliseconds.append(milliseconds)

    def row(self) -> str:
        values = [
            self.title,
            self.server.processes,
            len(self.requests),
            f"{median(self.rates):,.0f}",
            f"{min(self.rates):,.0f}–{max(self.rates):,.0f}",
            f"{median(self.milliseconds):.2f}",
            self.aim,
        ]
        return f"| {' | '.join(map(str, values))} |"


def measure(data: Data) -> Section:
    accounts = data.accounts[:4]
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(plan=Plan.BUSINESS)  # no 429
    health = [request_text("/healthz", Host=settings.BASE_DOMAIN)] * 4
    api = [_api_request(account) for account in accounts]
    page = [_page_request(account) for account in accounts]
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        one, two = (running.enter_context(serving(count, Path(folder))) for count in (1, 2))
        cases = [
            Case("`/healthz`", health[:1], one),
            Case("`/healthz`", health[:1], two, "as with one process"),
            Case("`/healthz`", health[:2], one, "1,800"),
            Case("`/healthz`", health, two),
            Case("API, 10 tasks", api[:2], one, "120, 7.5 ms"),
            Case("API, 10 tasks", api, two, "1.5 times"),
            Case("page, 10 subtasks", page[:2], one, "80, 11 ms"),
            Case("page, 10 subtasks", page, two, "1.5 times"),
        ]
        for case in cases:
            case.run(WARM_UP_SECONDS)
        for _ in range(ROUNDS):
            for case in cases:
                case.measure()
    return _report(cases)


@contextmanager
def serving(count: int, folder: Path) -> Iterator[Server]:
    """Run so many web processes."""
    log = folder / f"web-{count}.log"
    started = running_web_process(os.environ["DATABASE_URL"], log, connections=POOL_SIZE, WEB_CONCURRENCY=str(count))
    with started as (url, process):
        for _ in range(8 * count):  # the kernel chooses the process for each connection; both import Django
            httpx.get(f"{url}/readyz", timeout=PATIENCE, trust_env=False).raise_for_status()
        yield Server(int(url.rpartition(":")[2]), process.pid, count)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(_processor_seconds(int(child)) for child in children)


def _api_request(account: Account) -> str:
    given = client_of(account).defaults
    headers = {"Host": given["HTTP_HOST"], "Authorization": given["HTTP_AUTHORIZATION"]}
    return request_text("/api/v1/tasks/?page_size=10", **headers)


def _page_request(account: Account) -> str:
    client = log_in(account)
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    return request_text("/subtasks/", Host=client.defaults["HTTP_HOST"], Cookie=cookies)


def request_text(path: str, **headers: str) -> str:
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""])


def _report(cases: Sequence[Case]) -> Section:
    lines = [
        "Web processes (`uvicorn --workers`) on one port of the loopback interface, and a client that sends",
        "the next request on a kept-alive connection when the response is complete. Connections are opened one after",
        "the other, each for an account of its own; the API takes a JSON Web Token, the page a session, and requests",
        f"are counted for the rate limits. Medians of {ROUNDS} runs of {SECONDS:.0f} seconds, and the range.",
        "Processor time is that of the web processes: client, PostgreSQL and Redis use the same processors.",
        "“1.5 times” is the aim for the rate of one process.\n",
        "| request | processes | connections | requests/s | range | processor ms per request | aim |",
        "|---|---|---|---|---|---|---|",
        *(case.row() for case in cases),
    ]
    shown = [case for case in cases if case.title != "`/healthz`"]
    labels = [f"{case.title}, {case.server.processes} process(es)" for case in shown]
    rates = bars("rates", "Requests per second", labels, {"requests/s": [median(case.rates) for case in shown]})
    times = bars(
        "processor",
        "Processor milliseconds per request of the web processes",
        labels,
        {"ms": [median(case.milliseconds) for case in shown]},
    )
    return Section("\n".join(lines) + "\n", [rates, times])
