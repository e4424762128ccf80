"""The cards of a board and their HTML.

Without a cache, rendering takes most of the time of a board. Few cards change between two requests, so each process
caches the HTML of cards. No invalidation is needed: the key is everything that a card shows, because its template gets
nothing else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import Membership
from frontend.board.columns import Column
from frontend.shared import kept
from frontend.shared.frame import Person
from frontend.shared.html_cache import HTMLCache
from tasks.models import Assignment, Priority, Task, TaskLabel
from tenancy.clock import current_date
from tenancy.folding import sort_key

cache = HTMLCache(16 * 2**20)  # cards of about 2 kB each


class Tag(NamedTuple):
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class Card:
    """A task on a board: everything that its template may show."""

    id: UUID
    key: str
    version: int
    title: str
    priority: str
    due_date: date | None
    completed_at: datetime | None
    subtasks_done: int
    subtasks_total: int
    labels: tuple[Tag, ...]
    people: tuple[Person, ...]

    def get_priority_display(self) -> str:
        return str(Priority(self.priority).label)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the cards of a page have in common and what changes their HTML."""

    page: kept.Surroundings
    today: date  # in the time zone of the user
    query: str  # of the board's URL
    is_movable: bool


def with_cards(
    columns: Iterable[Column], people: Iterable[Membership], *, query: str, is_movable: bool
) -> list[tuple[Column, SafeString]]:
    """Return each column with the HTML of its cards. Tasks have their project and subtask counts.

    Two queries, and two more for assignees who are not among `people`.
    """
    columns = list(columns)
    cards = _cards_of([task for column in columns for task in column.tasks], people)
    around = Surroundings(page=kept.surroundings(), today=current_date(), query=query, is_movable=is_movable)
    return [
        (column, SafeString("".join(html_of(cards[task.pk], around) for task in column.tasks))) for column in columns
    ]


def html_of(card: Card, around: Surroundings) -> str:
    """Return the HTML of a card, from `board/movable_card.html`."""
    html = cache.get((card, around))
    if html is None:
        shown = {"task": card, "query": around.query, "can_write": around.is_movable}
        html = render_to_string("board/movable_card.html", shown)
        cache.put((card, around), html)
    return html


def _cards_of(tasks: Collection[Task], members: Iterable[Membership]) -> dict[UUID, Card]:
    labels, people = _labels_of(tasks), _people_of(tasks, members)
    return {
        task.pk: Card(
            id=task.pk,
            key=task.key,
            version=task.version,
            title=task.title,
            priority=task.priority,
            due_date=task.due_date,
            completed_at=task.completed_at,
            subtasks_done=task.subtasks_done,  # type: ignore[attr-defined]  # annotated
            subtasks_total=task.subtasks_total,  # type: ignore[attr-defined]  # annotated
            labels=tuple(sorted(labels[task.pk], key=lambda label: sort_key(label[0]))),
            people=tuple(sorted(people[task.pk], key=lambda person: sort_key(person.name))),
        )
        for task in tasks
    }


def _labels_of(tasks: Collection[Task]) -> dict[UUID, list[Tag]]:
    rows = TaskLabel.objects.filter(task__in=tasks).values_list("task_id", "label__name", "label__color")
    found = defaultdict(list)
    for task, name, color in rows:
        found[task].append(Tag(name, color))
    return found


def _people_of(tasks: Collection[Task], members: Iterable[Membership]) -> dict[UUID, list[Person]]:
    pairs = list(Assignment.objects.filter(task__in=tasks).values_list("task_id", "member_id"))
    by_id = {member.pk: member for member in members}
    if others := {member for _task, member in pairs} - by_id.keys():
        by_id |= {each.pk: each for each in Membership.objects.filter(pk__in=others).prefetch_related("user")}
    found = defaultdict(list)
    for task, member in pairs:
        found[task].append(Person(member, by_id[member].name, by_id[member].avatar))
    return found
