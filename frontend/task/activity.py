"""The activity of a task and its comments in one stream, in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Membership
from frontend.shared.markdown import cost_of
from frontend.shared.presentation import day_in_words
from projects.models import Activity, Label
from tasks.models import Comment, Priority, Task

UNTIL = "until"  # the query parameter for the end of a page
MOST = 100  # comments on a page of the stream, and as many changes
MOST_COST = 100_000  # of the comments on a page, as computed by frontend.shared.markdown
TOGETHER = timedelta(minutes=10)  # changes of one member within this time are one entry


@dataclass
class Entry:
    """A comment, or the changes of a member within a few minutes."""

    id: UUID  # of the comment or of the first change
    actor: Membership | None
    at: datetime
    comment: Comment | None = None
    texts: list[str] = field(default_factory=list)

    def takes(self, other: "Entry") -> bool:
        """Return whether the later entry `other` is merged into this one."""
        changes = self.comment is None and other.comment is None
        return changes and self.actor == other.actor and other.at - self.at <= TOGETHER


@dataclass(frozen=True)
class Feed:
    """A page of entries, oldest first. `older` is the end of the previous page, None if there is none."""

    entries: list[Entry]
    older: datetime | None

    @property
    def older_query(self) -> str:
        return urlencode({UNTIL: self.older.isoformat()}) if self.older else ""

    def shows(self, comment_id: UUID) -> bool:
        return any(entry.comment is not None and entry.id == comment_id for entry in self.entries)


def feed_of(task: Task, today: date, *, until: datetime | None = None) -> Feed:
    """Return the newest page of a task's stream, or the page that ends at `until`.

    Needs the project with its statuses. Five queries, and Markdown of limited cost.
    """
    comments, activities = task.comments.order_by("-created_at", "-id"), Activity.objects.about_task(task.pk)
    activities = activities.order_by("-created_at", "-id")
    if until is not None:
        comments, activities = comments.filter(created_at__lte=until), activities.filter(created_at__lte=until)
    said, done = list(comments[: MOST + 1]), list(activities[: MOST + 1])
    cuts = [cut for cut in (_cut(said, _cost), _cut(done, lambda _: 0)) if cut is not None]
    older = max(cuts, default=None)
    if older is not None:
        said = [each for each in said if each.created_at > older]
        done = [each for each in done if each.created_at > older]
    words = Words(task, done, said, today)
    entries = [Entry(each.pk, words.members.get(each.author_id), each.created_at, each) for each in said]
    found = sorted(chain(entries, words.changes()), key=lambda entry: entry.at)
    return Feed(list(_together(found)), older)


def _cost(comment: Comment) -> int:
    return cost_of(comment.body)


def _cut[Row: (Comment, Activity)](rows: list[Row], cost: Callable[[Row], int]) -> datetime | None:
    """Return the time of the first row that does not fit on the page. `rows` are newest first, and one always fits."""
    room = MOST_COST
    for number, row in enumerate(rows):
        room -= cost(row)
        has_room = number < MOST and room >= 0
        if number and not has_room and row.created_at != rows[number - 1].created_at:
            return row.created_at
    return None


def _together(entries: Iterable[Entry]) -> Iterator[Entry]:
    last: Entry | None = None
    for entry in entries:
        if last is not None and last.takes(entry):
            # Equal changes, such as two ticks, are shown once.
            last.texts += [text for text in entry.texts if text not in last.texts]
            continue
        if last is not None:
            yield last
        last = entry
    if last is not None:
        yield last


class Words:
    """Describes the activities of one task in words. All rows that they name are read at once."""

    def __init__(self, task: Task, activities: list[Activity], comments: list[Comment], today: date) -> None:
        self.task, self.activities, self.comments, self.today = task, activities, comments, today

    def changes(self) -> Iterator[Entry]:
        """Yield an entry for each activity that can be described."""
        for activity in self.activities:
            if texts := list(self._tell(activity)):
                actor = self.members.get(activity.actor_id) if activity.actor_id else None
                yield Entry(activity.pk, actor, activity.created_at, texts=texts)

    @cached_property
    def members(self) -> dict[UUID, Membership]:
        ids = {each.actor_id for each in self.activities} | {each.author_id for each in self.comments}
        wanted = {each for each in ids if each} | self._ids("assignees")
        return {member.pk: member for member in Membership.objects.filter(pk__in=wanted).prefetch_related("user")}

    @cached_property
    def labels(self) -> dict[UUID, str]:
        return dict(Label.objects.filter(pk__in=self._ids("labels")).values_list("pk", "name"))

    @cached_property
    def statuses(self) -> dict[str, str]:
        return {str(status.pk): status.name for status in self.task.project.statuses.all()}

    def _ids(self, name: str) -> set[UUID]:
        lists = [_lists(activity.data.get(name)) for activity in self.activities]
        return {UUID(text) for added, removed in lists for text in (*added, *removed)}

    def _tell(self, activity: Activity) -> Iterator[str]:
        data = activity.data
        if activity.verb in PLAIN:
            yield PLAIN[activity.verb]()
        elif activity.verb in ("task.moved", "task.completed", "task.reopened"):
            yield self._moved(activity.verb, data)
        elif activity.verb == "subtask.deleted":
            yield _("deleted the subtask “%(title)s”") % {"title": data.get("title", "")}
        elif activity.verb == "subtask.updated":
            yield from (TELLS_SUBTASK[name]() for name in data.get("fields", ()) if name in TELLS_SUBTASK)
        elif activity.verb == "task.updated":
            for name in data.get("fields", ()):
                yield from self._changed(name, data)

    def _moved(self, verb: str, data: Mapping[str, Any]) -> str:
        if verb == "task.completed":
            return _("completed this")
        if verb == "task.reopened":
            return _("reopened this")
        return _("moved this to %(status)s") % {"status": self._status(data)}

    def _status(self, data: Mapping[str, Any]) -> str:
        return self.statuses.get(str(data.get("status")), _("another column"))

    def _changed(self, name: str, data: Mapping[str, Any]) -> Iterator[str]:
        match name:
            case "title":
                yield _("changed the title")
            case "description":
                yield _("changed the description")
            case "status":
                yield _("moved this to %(status)s") % {"status": self._status(data)}
            case "priority":
                yield self._priority(data)
            case "due_date":
                yield self._due(data)
            case "assignees":
                yield from self._list(data.get(name), self._member, _("assigned %(names)s"), _("unassigned %(names)s"))
            case "labels":
                texts = _("added the label %(names)s"), _("removed the label %(names)s")
                yield from self._list(data.get(name), self._label, *texts)

    def _priority(self, data: Mapping[str, Any]) -> str:
        value = data.get("priority")
        if value not in Priority.values:
            return _("changed the priority")
        if value == Priority.NONE:
            return _("removed the priority")
        return _("set the priority to %(priority)s") % {"priority": Priority(value).label}

    def _due(self, data: Mapping[str, Any]) -> str:
        if "due_date" not in data:
            return _("changed the due date")
        if data["due_date"] is None:
            return _("removed the due date")
        day = day_in_words(date.fromisoformat(data["due_date"]), self.today)
        return _("set the due date to %(day)s") % {"day": day}

    def _list(self, change: Any, name_of: Callable[[UUID], str], added: str, removed: str) -> Iterator[str]:
        for text, ids in zip((added, removed), _lists(change), strict=True):
            if ids:
                yield text % {"names": ", ".join(name_of(UUID(each)) for each in ids)}

    def _member(self, pk: UUID) -> str:
        member = self.members.get(pk)
        return member.name if member else _("a former member")

    def _label(self, pk: UUID) -> str:
        return self.labels.get(pk, _("which has been deleted"))


def _lists(change: Any) -> tuple[list[str], list[str]]:
    return (change["added"], change["removed"]) if isinstance(change, dict) else ([], [])


# Functions, because the language is known only when they are called.
PLAIN: Mapping[str, Callable[[], str]] = {
    "task.created": lambda: _("created this"),
    "task.archived": lambda: _("archived this"),
    "task.restored": lambda: _("restored this from the archive"),
    "subtask.created": lambda: _("added a subtask"),
    "comment.deleted": lambda: _("deleted a comment"),
    "attachment.created": lambda: _("attached a file"),
    "attachment.ready": lambda: _("attached a file"),
    "attachment.deleted": lambda: _("deleted a file"),
}
TELLS_SUBTASK: Mapping[str, Callable[[], str]] = {
    "done": lambda: _("ticked a subtask on or off"),
    "title": lambda: _("renamed a subtask"),
    "rank": lambda: _("reordered the subtasks"),
}
