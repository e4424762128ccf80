"""Accounts of random size for `createtestdata`, the same for the same seed except for their ids."""

from datetime import datetime, timedelta
from random import Random

from accounts.models import Account, Color, Role
from projects import ranks
from projects.models import Category, Label, Project, Status
from tasks.models import Assignment, Priority, Subtask, Task, TaskLabel
from tasks.testdata import words
from tasks.testdata.loading import NewAccount, Person, new_id
from tenancy.clock import local_date

MOST_PEOPLE, MOST_PROJECTS = 5, 30
MOST_TASKS, MOST_SUBTASKS = 10, 10  # per project and per task, as the average of an account
OLDEST = 180  # days

CATEGORIES = [str(category) for category in Category]
STATUS_NAMES = [str(category.label) for category in Category]
SHARES = (20, 30, 15, 35)  # of the tasks in each of them
PRIORITIES = [str(priority) for priority in Priority]
COLORS = [str(color) for color in Color]
RANKS = ranks.spread(2 * max(MOST_TASKS, MOST_SUBTASKS))


def generate_account(number: int, *, seed: int, now: datetime) -> NewAccount:
    """Return the account `tenant-<number>`, with dates around `now`.

    Every text carries `CANARY-<account id>-<row id>`, so that a leaked text shows its origin. The name of a
    label has room for the account's id only, the names of statuses are fixed.
    """
    return _Generator(number, seed, now).generate()


class _Generator:
    """Makes one account. A run makes a million rows, hence plain tuples and few calls per row."""

    def __init__(self, number: int, seed: int, now: datetime) -> None:
        # A sequence for each account, so that none depends on which others exist already.
        self.random = Random(f"{seed}/{number}")  # noqa: S311  # nothing here is secret
        self.now = now
        account = Account(slug=f"tenant-{number}")
        self.canary = f"CANARY-{account.pk}-"
        account.name = f"{self.random.choice(words.COMPANIES)} {self.canary}{account.pk}"
        self.new = NewAccount(account)
        self.labels: list[str] = []
        self.most_tasks = self.most_subtasks = 0

    def generate(self) -> NewAccount:
        randint = self.random.randint
        self.add_people(randint(1, MOST_PEOPLE))
        self.add_labels(randint(3, 6))
        projects = self.random.sample(words.PROJECTS, randint(1, MOST_PROJECTS))
        # Counts from 1 to twice the average less 1 have that average.
        self.most_tasks = 2 * randint(1, MOST_TASKS) - 1
        self.most_subtasks = 2 * randint(1, MOST_SUBTASKS) - 1
        for key, name in projects:
            self.add_project(key, name)
        return self.new

    def add_people(self, count: int) -> None:
        host = f"{self.new.account.slug}.example.com"
        firsts = self.random.sample(words.FIRST_NAMES, count)
        for number, first in enumerate(firsts):
            member_id = new_id()
            name = f"{first} {self.random.choice(words.LAST_NAMES)} {self.canary}{member_id}"
            local, role = (f"user-{number}", Role.MEMBER) if number else ("owner", Role.OWNER)
            self.new.people.append(Person(member_id, f"{local}@{host}", name, role.value))

    def add_labels(self, count: int) -> None:
        for word in self.random.sample(words.LABELS, count):
            self.labels.append(label_id := new_id())
            color = self.random.choice(COLORS)
            self.new.rows[Label].append((label_id, f"{word} {self.canary.removesuffix('-')}", color))

    def add_project(self, key: str, name: str) -> None:
        random = self.random
        project_id, count = new_id(), random.randint(1, self.most_tasks)
        # The first task is the oldest, and the project is older.
        oldest, *ages = sorted((random.random() * OLDEST for _ in range(count + 1)), reverse=True)
        created_at = self.now - timedelta(days=oldest)
        about = f"{random.choice(words.SENTENCES)} {self.canary}{project_id}"
        self.new.rows[Project].append(
            (
                *(project_id, key, f"{name} {self.canary}{project_id}", about, random.choice(COLORS)),
                *(False, False, None, created_at, created_at, count),
            )
        )
        statuses = [(new_id(), category) for category in CATEGORIES]
        self.new.rows[Status] += [
            (status_id, project_id, name, category, rank)
            for (status_id, category), name, rank in zip(statuses, STATUS_NAMES, RANKS, strict=False)
        ]
        titles, places = random.choices(words.TITLES, k=count), random.choices(statuses, SHARES, k=count)
        for index, (title, age, (status_id, category)) in enumerate(zip(titles, ages, places, strict=True)):
            place = (project_id, index + 1, status_id)
            self.add_task(place, title, age, done=category == Category.DONE)

    def add_task(self, place: tuple[str, int, str], title: str, age: float, *, done: bool) -> None:
        random, canary, task_id = self.random.random, self.canary, new_id()
        project_id, number, status_id = place
        created_at = self.now - timedelta(days=age)
        completed_at = self.now - timedelta(days=age * random()) if done else None
        about = f"{words.SENTENCES[int(random() * len(words.SENTENCES))]} {canary}{task_id}" if random() < 0.3 else ""
        due_date = local_date(self.now + timedelta(days=int(random() * 90) - 30)) if random() < 0.5 else None
        self.new.rows[Task].append(
            (
                *(task_id, project_id, number, f"{title} {canary}{task_id}", about, status_id),
                *(PRIORITIES[int(random() * len(PRIORITIES))], due_date, RANKS[number - 1]),
                *(completed_at, created_at, completed_at or created_at),
            )
        )
        people = self.new.people
        for person in self.random.sample(people, min(int(random() * 3), len(people))):
            self.new.rows[Assignment].append((new_id(), task_id, person.member_id))
        if random() < 0.4:
            self.new.rows[TaskLabel].append((new_id(), task_id, self.labels[int(random() * len(self.labels))]))
        count = 1 + int(random() * self.most_subtasks)
        self.new.rows[Subtask] += [
            (subtask_id := new_id(), task_id, f"{text} {canary}{subtask_id}", done or random() < 0.4, rank)
            for text, rank in zip(self.random.choices(words.TITLES, k=count), RANKS, strict=False)
        ]
