"""The rows of a tenant, the same for each system: texts and times, without ids. Imports no Django."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tasks.testdata import words

PROJECTS, TASKS, SUBTASKS = 4, 20, 6  # of a tenant, of a project, of a task
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PRIORITIES = ("none", "low", "medium", "high", "urgent")


@dataclass(frozen=True)
class NewSubtask:
    title: str
    done: bool
    rank: str


@dataclass(frozen=True)
class NewTask:
    number: int
    title: str
    description: str
    priority: str
    rank: str
    created_at: datetime
    subtasks: list[NewSubtask]


@dataclass(frozen=True)
class NewProject:
    key: str
    name: str
    tasks: list[NewTask]


def slug_of(number: int) -> str:
    """Return the name of a tenant, which is also the first label of its host."""
    return f"tenant-{number}"


def rows_of(number: int) -> list[NewProject]:
    """Return the projects of a tenant with their tasks and subtasks: the same ones in each run."""
    random = Random(number)  # noqa: S311  # nothing here is secret
    chosen = words.PROJECTS[:PROJECTS]
    return [
        NewProject(key, name, [_task(random, place, each) for each in range(TASKS)])
        for place, (key, name) in enumerate(chosen)
    ]


def _task(random: Random, project: int, place: int) -> NewTask:
    return NewTask(
        number=place + 1,
        title=random.choice(words.TITLES),
        description=random.choice(words.SENTENCES),
        priority=random.choice(PRIORITIES),
        rank=_rank(place),
        created_at=FIRST + timedelta(minutes=TASKS * project + place),
        subtasks=[
            NewSubtask(random.choice(words.TITLES), done=random.random() < 0.4, rank=_rank(each))
            for each in range(SUBTASKS)
        ],
    )


def _rank(place: int) -> str:
    return f"a{place:02}V"
