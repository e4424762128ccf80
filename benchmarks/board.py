"""The board of a project with 200 cards: response time, size, and the delay of a move in other browsers."""

import gzip
import os
import posixpath
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from accounts.models import Account
from benchmarks.plots import bars
from benchmarks.reports import Section
from benchmarks.testdata import Data
from config.pytest_plugin import find_program
from frontend.board import cards
from projects.actions.projects import create_project
from projects.models import Project, Status
from tasks.actions.tasks import create_task
from tenancy.context import tenant_context
from tenancy.models import get_membership_model
from tenancy.testing import TenantClient
from tests.browser.users import ARGUMENTS
from tests.isolation.live import web_process

CARDS, CALLS, MOVES = 200, 60, 20
KILOBYTES = 150
# Each resolves a promise with a time in milliseconds.
DROPPED = """() => {
  window.dropped = new Promise((resolve) =>
    addEventListener("pointerup", () => resolve(performance.timeOrigin + performance.now()), { once: true }));
}"""
SHOWN = """(selector) => {
  window.shown = new Promise((resolve) => {
    const look = () => {
      if (!document.querySelector(selector)) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
  });
}"""
FILE = re.compile(r'(?:href|src)="/static/([^"]+\.(?:css|js|svg))"')
MODULE = re.compile(r'(?:import|from) "(\.[^"]+\.js)"')


def measure(data: Data) -> Section:
    account = data.accounts[0]
    with tenant_context(account):
        owner = get_membership_model().objects.filter(role="owner").prefetch_related("user").first()
        project = _fill(owner)
    client = TenantClient(account).as_(owner.user)
    path = f"/projects/{project.key}/"
    first, page = _times(client, path, cards.cache.clear), _times(client, path)
    sent = _sent(client, path)
    column = f"{path}parts/?column={_first_status(account, project).pk}"
    part = _times(client, column)
    moves = _moves(account, client, path)
    kilobytes = {name: f"{size / 1000:.0f} kB" for name, size in sent.items()}
    lines = [
        f"A board with {CARDS} cards in four columns, each with a person and a priority, by Django's test client,",
        f"{CALLS} requests; what a browser loads at the first visit, compressed as it is sent; and {MOVES}",
        "cards dragged in one browser until another one shows them there, with one web process, all on one machine.",
        "The HTML of cards is kept by a process: “first” is the page as one that has not seen the board makes it.",
        f"Aims: a p50 of 150 ms first and 55 ms again, at most {KILOBYTES} kB.\n",
        "| | p50 | p95 |",
        "|---|---|---|",
        f"| the page, first | {_shown(first)} |",
        f"| the page, again | {_shown(page)} |",
        f"| one column | {_shown(part)} |",
        f"| from the drop to the second browser | {_shown(moves)} |",
        "",
        f"**{kilobytes['all']}** sent, {kilobytes['page']} of it the page, the rest styles and scripts.",
    ]
    shown = {"first": first, "again": page, "one column": part, "drop to second browser": moves}
    plot = bars(
        "board",
        f"Board of {CARDS} cards, milliseconds",
        ["p50", "p95"],
        {k: _percentiles(v) for k, v in shown.items()},
    )
    return Section("\n".join(lines) + "\n", [plot])


def _fill(owner: Any) -> Project:
    project = create_project(actor=owner, name="Benchmark", key="BENCH")
    statuses = list(project.statuses.all())
    for number in range(CARDS):
        fields = {"status": statuses[number % len(statuses)], "assignees": [owner], "priority": "high"}
        create_task(actor=owner, project=project, title=f"A task with a title as people write it, {number}", **fields)
    return project


def _first_status(account: Account, project: Project) -> Status:
    with tenant_context(account):
        return project.statuses.all()[0]


def _times(client: Client, path: str, before: Callable[[], None] = lambda: None) -> list[float]:
    times = []
    for _ in range(CALLS):
        before()
        started = time.perf_counter()
        if client.get(path).status_code != 200:
            raise RuntimeError(f"{path} was refused.")
        times.append(time.perf_counter() - started)
    return times[CALLS // 10 :]


def _sent(client: Client, path: str) -> dict[str, int]:
    """Return the compressed bytes of the page, and of it with all that it loads."""
    compressed = client.get(path, HTTP_ACCEPT_ENCODING="gzip").content
    total = len(compressed)
    found, waiting = set[str](), FILE.findall(client.get(path).content.decode())
    while waiting:
        name = waiting.pop()
        if name not in found and (place := finders.find(name)):
            found.add(name)
            content = Path(str(place)).read_bytes()
            total += len(gzip.compress(content))
            if name.startswith("frontend/") and name.endswith(".js"):
                modules = MODULE.findall(content.decode())
                waiting += [posixpath.normpath(f"{posixpath.dirname(name)}/{module}") for module in modules]
    return {"page": len(compressed), "all": total}


def _moves(account: Account, client: Client, path: str) -> list[float]:
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop running in this thread
        with web_process(os.environ["DATABASE_URL"], Path(folder) / "web.log", connections=8) as url:
            host = f"http://{account.slug}.{settings.BASE_DOMAIN}:{url.rpartition(':')[2]}"
            chromium = playwright.chromium.launch(executable_path=find_program("browser"), args=ARGUMENTS)
            pages = []
            for _ in range(2):
                context = chromium.new_context(base_url=host, viewport={"width": 1280, "height": 900})
                context.add_cookies([{**cookie, "url": host}])
                pages.append(context.new_page())
                pages[-1].goto(path)
                expect(pages[-1].locator("#live")).to_have_attribute("data-state", "live")
            times = [_move(*pages, number) for number in range(MOVES)]
            chromium.close()
    return times


def _move(page: Page, other: Page, number: int) -> float:
    """Drag the first card of one column to the top of the next and wait until the other page has painted it there.

    Both pages use the same clock; polling from here would measure the interval of Playwright's polls.
    """
    source, target = page.locator(".cards").nth(number % 4), page.locator(".cards").nth((number + 1) % 4)
    key = str(source.locator(".card-item").first.get_attribute("data-key"))
    start, end = source.locator(".card").first.bounding_box(), target.locator(".card").first.bounding_box()
    if not start or not end:
        raise RuntimeError("A card is not to be seen.")
    page.mouse.move(start["x"] + 40, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 5, steps=4)
    page.evaluate(DROPPED)
    other.evaluate(SHOWN, f"#{target.get_attribute('id')} [data-key={key}]")
    page.mouse.up()
    shown: float = other.evaluate("() => shown")
    dropped: float = page.evaluate("() => dropped")
    page.locator(".card-busy").wait_for(state="detached")
    return (shown - dropped) / 1000


def _shown(times: list[float]) -> str:
    return " | ".join(f"{milliseconds:.0f} ms" for milliseconds in _percentiles(times))


def _percentiles(times: list[float]) -> list[float]:
    """Return p50 and p95 in milliseconds."""
    return [1000 * median(times), 1000 * quantiles(times, n=20)[-1]]
