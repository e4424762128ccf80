"""A project as a file, written page by page: what is in it, and how it looks as CSV and as JSON."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from typing import IO, Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.models import Membership
from accounts.spreadsheets import cell
from projects.models import Project
from tasks.models import Comment, ExportFormat, Task, TaskQuerySet
from tenancy.clock import local_time

PAGE = 100  # tasks that are in memory at once, with everything in them
MOST_BYTES = 256 * 1024 * 1024  # of the file of one project

COLUMNS = (
    *("key", "title", "description", "status", "priority", "assignees", "labels", "due_date", "subtasks", "comments"),
    *("created_at", "updated_at", "completed_at", "archived_at"),
)


class TooLarge(Exception):
    """The file would be larger than an export may be."""


def require_room(file: IO[bytes], most: int) -> None:
    """Raise TooLarge when there are more than `most` bytes in a file so far."""
    if file.tell() > most:
        raise TooLarge(f"More than {most} bytes.")


class Writer(Protocol):
    """Writes one format. `begin()` comes first, then `add()` for each task, then `end()`."""

    def __init__(self, text: IO[str]) -> None: ...
    def tasks(self, project: Project) -> TaskQuerySet: ...
    def begin(self, project: Project) -> None: ...
    def add(self, task: Task) -> None: ...
    def end(self) -> None: ...


def write_project(project: Project, format_: str, file: IO[bytes], most: int) -> Iterator[int]:
    """Write all tasks of a project that are there now, and yield after each page how many are written.

    It takes as many queries for each page as for any other. Raises TooLarge when there are more than `most` bytes.
    """
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        yield from _write_tasks(project, WRITERS[format_](text), partial(require_room, file, most))
    finally:
        text.detach()  # or it would close the file, or be left open with it


def _write_tasks(project: Project, writer: Writer, check: Callable[[], None]) -> Iterator[int]:
    writer.begin(project)
    tasks, done, last = writer.tasks(project).filter(number__lte=project.last_task_number).order_by("number"), 0, 0
    while page := list(tasks.filter(number__gt=last)[:PAGE]):
        for task in page:
            task.project = project
            writer.add(task)
            check()
        done, last = done + len(page), page[-1].number
        yield done
    writer.end()


class CsvWriter:
    """One row for each task (RFC 4180), in UTF-8 with the mark that Excel knows it by."""

    def __init__(self, text: IO[str]) -> None:
        text.write("\ufeff")
        self.rows = csv.writer(text, lineterminator="\r\n")

    def tasks(self, project: Project) -> TaskQuerySet:
        tasks: TaskQuerySet = Task.objects.filter(project=project).select_related("status")
        return tasks.with_people_and_labels().prefetch_related("subtasks").with_comment_count()

    def begin(self, project: Project) -> None:
        self.rows.writerow(COLUMNS)

    def add(self, task: Task) -> None:
        people = [assignment.member.name for assignment in task.assignments.all()]
        cells = (
            *(task.key, task.title, task.description, task.status.name, task.priority),
            *(", ".join(sorted(people)), ", ".join(_labels(task)), task.due_date),
            "\n".join(f"[{'x' if subtask.done else ' '}] {subtask.title}" for subtask in task.subtasks.all()),
            task.comment_count,  # type: ignore[attr-defined]  # annotated
            *(task.created_at, task.updated_at, task.completed_at, task.archived_at),
        )
        self.rows.writerow([_cell(value) for value in cells])

    def end(self) -> None:
        """Leave it as it is: the last row has its line break."""


class JsonWriter:
    """The whole tree, as one object whose tasks are written one after the other."""

    def __init__(self, text: IO[str]) -> None:
        self.text, self.between = text, ""

    def tasks(self, project: Project) -> TaskQuerySet:
        tasks: TaskQuerySet = Task.objects.filter(project=project).select_related("status")
        return tasks.with_people_and_labels().prefetch_related("subtasks", "comments__author__user")

    def begin(self, project: Project) -> None:
        names = ("id", "key", "name", "description", "color", "private", "archived_at", "created_at", "updated_at")
        statuses = [_fields(status, "id", "name", "category") for status in project.statuses.all()]
        head = {"exported_at": timezone.now(), "project": _fields(project, *names), "statuses": statuses}
        self.text.write(f'{as_json(head)[:-1]}, "tasks": [')

    def add(self, task: Task) -> None:
        own = _fields(task, "id", "key", "number", "title", "description", "priority", "due_date")
        times = _fields(task, "created_at", "updated_at", "completed_at", "archived_at")
        inside = {
            "status": task.status.name,
            "assignees": [_person(assignment.member) for assignment in task.assignments.all()],
            "labels": _labels(task),
            "subtasks": [_fields(subtask, "id", "title", "done") for subtask in task.subtasks.all()],
            "comments": [_comment(comment) for comment in task.comments.all()],
        }
        self.text.write(f"{self.between}\n{as_json({**own, **inside, **times})}")
        self.between = ","

    def end(self) -> None:
        self.text.write("\n]}\n")


WRITERS: dict[str, type[Writer]] = {ExportFormat.CSV: CsvWriter, ExportFormat.JSON: JsonWriter}


def _cell(value: Any) -> str:
    shown = local_time(value) if isinstance(value, datetime) else value
    return cell(shown.isoformat() if hasattr(shown, "isoformat") else shown)


def _labels(task: Task) -> Sequence[str]:
    return sorted(link.label.name for link in task.task_labels.all())


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _person(member: Membership) -> dict[str, Any]:
    return {"id": member.pk, "name": member.user.name, "email": member.user.email}


def _comment(comment: Comment) -> dict[str, Any]:
    return {"author": _person(comment.author), **_fields(comment, "id", "body", "created_at", "edited_at")}


def as_json(value: Any) -> str:
    """Return a value of the database as JSON."""
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
