"""One account with very many tasks beside normal ones."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.signing import Signer
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import Account, Color
from benchmarks.flooding import CONNECTIONS, flooding
from benchmarks.plots import bars
from benchmarks.reports import Section
from benchmarks.serving import serving
from benchmarks.visiting import Visitor, WebClient, p50_and_p95, prepare, search_for, visitor_of
from projects import ranks
from projects.models import Category, Label, Project, Status
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tasks.testdata import words
from tasks.testdata.loading import FIELDS, NewAccount, Person, load_accounts, new_id
from tenancy.context import tenant_context
from tenancy.models import TenantModel
from tenancy.postgresql.bulk import Row, exclusive_load

NORMAL = 200  # accounts
TASKS, PROJECTS, PEOPLE, SUBTASKS = 200_000, 20, 50, 2  # subtasks of each task
SLUG, RARE = "hot", "zanzibar"  # a word that is in one task of a thousand
DAYS = 730  # since the oldest task
PRIORITY = "medium"
CALLS, OTHERS = 20, 100
MOST = 100  # ms


def measure(seed: int) -> Section:
    """Create the accounts and measure."""
    random = Random(seed)  # noqa: S311  # nothing here is secret
    call_command("createtestdata", accounts=NORMAL, seed=seed, force=True)
    create(random)
    prepare()
    hot = visitor_of(Account.objects.get(slug=SLUG))
    slugs = [f"tenant-{number}" for number in random.sample(range(NORMAL), OTHERS)]
    others = [visitor_of(account) for account in Account.objects.filter(slug__in=slugs).order_by("slug")]
    with tempfile.TemporaryDirectory() as folder, serving(1, Path(folder)) as server:
        client = WebClient(server)
        found = {}
        for title, path in requests_of(hot).items():
            client.timed(hot, path)
            found[title] = client.timed_all([(hot, path)] * CALLS)
        beside = _beside(client, hot, others)
    return _report(found, beside)


# Data ----------------------------------------------------------------------------------------------------------------


def create(random: Random) -> None:
    """Create the account: its projects have the same number of tasks."""
    new = NewAccount(Account(slug=SLUG, name="Hot"))
    for number in range(PEOPLE):
        local, role = (f"user-{number}", "member") if number else ("owner", "owner")
        new.people.append(Person(new_id(), f"{local}@{SLUG}.example.com", f"Person {number}", role))
    labels = [(new_id(), word, str(Color.BLUE)) for word in words.LABELS]
    new.rows[Label] += labels
    with exclusive_load(FIELDS) as load:
        load_accounts([new], password=make_password(None), load=load)
        for number in range(PROJECTS):
            load({new.account: _project(number, new.people, [row[0] for row in labels], random)})


def _project(
    number: int, people: Sequence[Person], labels: Sequence[str], random: Random
) -> dict[type[TenantModel], list[Row]]:
    """Return the rows of a project. The tasks are spread over two years, the oldest first, and four statuses."""
    rows: dict[type[TenantModel], list[Row]] = {model: [] for model in FIELDS}
    project, now, count = new_id(), timezone.now(), TASKS // PROJECTS
    about = (f"HOT{number}", f"Project {number}", "", str(Color.BLUE), False, False, None)
    rows[Project].append((project, *about, now - timedelta(days=DAYS), now, count))
    statuses = {str(category): new_id() for category in Category}
    rows[Status] += [
        (status, project, category, category, rank)
        for (category, status), rank in zip(statuses.items(), ranks.spread(len(statuses)), strict=True)
    ]
    of_tasks, of_subtasks = ranks.spread(count), ranks.spread(SUBTASKS)
    for place in range(count):
        task, category = new_id(), random.choice(list(statuses))
        age = timedelta(days=DAYS * (1 - place / count))
        created_at = now - age
        title = f"{random.choice(words.TITLES)} {RARE if random.random() < 0.001 else place}"
        due = created_at.date() + timedelta(days=30) if random.random() < 0.5 else None
        own = (title, random.choice(words.SENTENCES), statuses[category], PRIORITY, due, of_tasks[place])
        done_at = now - age * random.random() if category == Category.DONE else None
        rows[Task].append((task, project, place + 1, *own, done_at, created_at, created_at))
        rows[Assignment].append((new_id(), task, random.choice(people).member_id))
        rows[TaskLabel].append((new_id(), task, random.choice(labels)))
        rows[Subtask] += [(new_id(), task, random.choice(words.TITLES), False, rank) for rank in of_subtasks]
    return rows


# Requests ------------------------------------------------------------------------------------------------------------


def requests_of(hot: Visitor) -> dict[str, str]:
    """Return the path of each request by its title."""
    with tenant_context(hot.account):
        project = Project.objects.get(key="HOT0")
        status = project.statuses.all()[0]
        far = _cursor(hot.account, Task.objects.order_by("-created_at", "-id")[TASKS * 3 // 4])
    tasks, board = "/api/v1/tasks/", "/projects/HOT0/"
    last_page = TASKS // PROJECTS // 100
    return {
        "list of 50 tasks (API)": tasks,
        f"its page after {TASKS * 3 // 4:,} rows (API)": f"{tasks}?{urlencode({'cursor': far})}",
        "list of a project (API)": f"{tasks}?project={project.pk}",
        "list by priority (API)": f"{tasks}?ordering=-priority",
        "list of subtasks (API)": "/api/v1/subtasks/",
        "page of subtasks": "/subtasks/",
        "page of subtasks, page 100": "/subtasks/?page=100",
        "board of a project": board,
        "one column": f"{board}parts/?column={status.pk}",
        "rest of a column, page 1": f"{board}?view=list&status={status.pk}",
        "list of a project, last page": f"{board}?view=list&page={last_page}",
        "page of projects": "/",
        "my tasks": "/my-tasks/",
        "search, a rare word (API)": search_for(RARE, api=True),
        "search, a common word (API)": search_for("budget", api=True),
        "search, a rare word (page)": search_for(RARE),
        "search, a common word (page)": search_for("budget"),
    }


def _cursor(account: Account, row: Task) -> str:
    """Return the cursor of the page after a row, as `next` of the page before has it."""
    signer = Signer(salt=f"{account.pk}:{Task._meta.label}:-created_at,-id")
    return signer.sign_object([False, row.created_at.isoformat(), str(row.pk)])


def _beside(client: WebClient, hot: Visitor, others: Sequence[Visitor]) -> dict[str, list[float]]:
    """Return the times of a list of other accounts: alone, and while the account searches over several connections."""
    requests = [(visitor, "/api/v1/tasks/?page_size=50") for visitor in others]
    client.timed_all(requests)
    alone, _ = client.timed_all(requests)
    url = f"http://127.0.0.1:{client.server.port}{search_for(RARE, api=True)}"
    with flooding(url, hot.host, hot.token):
        beside, _ = client.timed_all(requests)
    return {"alone": alone, f"during searches over {CONNECTIONS} connections": beside}


# Report --------------------------------------------------------------------------------------------------------------


def _report(found: dict[str, tuple[list[float], float]], beside: dict[str, list[float]]) -> Section:
    text = [
        f"An account with {TASKS:,} tasks, {SUBTASKS * TASKS:,} subtasks, {PROJECTS} projects and {PEOPLE} members, "
        f"beside {NORMAL} normal",
        f"accounts. Each request {CALLS} times over one connection to one web process, after one that is not counted.",
        f"One task of a thousand has the rare word. Aim: {MOST} ms at most (p50).\n",
        "| request | p50 ms | p95 ms | processor ms | |",
        "|---|---|---|---|---|",
        *(_row(title, times, processor) for title, (times, processor) in found.items()),
        "",
        f"A list of 50 tasks of {OTHERS} other accounts (API), at the same web process:\n",
        "| | p50 ms | p95 ms |",
        "|---|---|---|",
    ]
    for title, times in beside.items():
        p50, p95 = p50_and_p95(times)
        text.append(f"| {title} | {p50:.1f} | {p95:.1f} |")
    shown = {"p50": [p50_and_p95(times)[0] for times, _ in found.values()]}
    plot = bars("scale-hot", f"Requests of an account with {TASKS:,} tasks, p50 in ms", list(found), shown)
    return Section("\n".join(text) + "\n", [plot])


def _row(title: str, times: list[float], processor: float) -> str:
    p50, p95 = p50_and_p95(times)
    return f"| {title} | {p50:.1f} | {p95:.1f} | {processor:.1f} | {'' if p50 <= MOST else 'over the aim'} |"
