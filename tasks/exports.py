"""Exports of a project as XLSX, CSV and JSON, written page by page, and its part of the account archive."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any, Protocol, cast
from zipfile import ZipFile

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.exports.workbooks import MOST_ROWS, SheetFull, Workbook
from accounts.exports.writing import MOST_BYTES, CsvTable, TextWriter, TooLarge, as_json, require_room
from accounts.extensions import ExportKind
from accounts.models import Membership
from projects.models import Project
from tasks.models import Comment, Task, TaskQuerySet
from tenancy.clock import current_zone, local_time
from tenancy.folding import sort_key

PAGE = 100  # tasks that are in memory at once, with their related rows

COLUMNS = (
    *("key", "title", "description", "status", "priority", "assignees", "labels", "due_date", "subtasks", "comments"),
    *("created_at", "updated_at", "completed_at", "archived_at"),
)


class Writer(Protocol):
    """Writes one format. `begin()` comes first, then `add()` for each task, then `end()`, and `close()` in any case.

    Those that write tasks raise TooLarge when there are more than `most` bytes.
    """

    def __init__(self, file: IO[bytes], most: int) -> None: ...
    def tasks(self, project: Project) -> TaskQuerySet: ...
    def begin(self, project: Project) -> None: ...
    def add(self, task: Task) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...


class ProjectExport(ExportKind[Project]):
    """The tasks of one project with their related rows."""

    name = "project"
    permission = "project.export"
    formats = (("xlsx", "XLSX"), ("csv", "CSV"), ("json", "JSON"))
    model = Project
    most = MOST_BYTES

    def count(self, subject: Project | None) -> int:
        project = cast(Project, subject)
        return Task.objects.filter(project=project, number__lte=project.last_task_number).count()

    def write(self, subject: Project | None, format: str, file: IO[bytes]) -> Iterator[int]:  # noqa: A002
        return write_project(cast(Project, subject), format, file, MOST_BYTES)

    def file_stem(self, subject: Project | None) -> str:
        return cast(Project, subject).key

    def progress(self, done: int, total: int) -> str:
        return _("%(done)d of %(total)d tasks") % {"done": done, "total": total}

    def too_large(self, format: str) -> str:  # noqa: A002
        if format == "xlsx":
            facts = {"most": filesizeformat(MOST_BYTES // 2), "rows": f"{MOST_ROWS - 1:,}"}
            return (
                _("A sheet would be larger than %(most)s or contain more than %(rows)s tasks. CSV has no such limit.")
                % facts
            )
        remedy = _("CSV has no comments and may be small enough.") if format == "json" else ""
        return f"{super().too_large(format)} {remedy}".strip()


class ProjectsInArchive:
    """Each project as JSON in the archive of the account."""

    def count(self) -> int:
        return Task.objects.count()

    def write(self, archive: ZipFile, most: int) -> Iterator[int]:
        for project in Project.objects.order_by("key"):
            # In a temporary file first: the length of an entry that is being written is unknown.
            with TemporaryFile() as part:
                before = 0
                for done in write_project(project, "json", part, most):
                    yield done - before
                    before = done
                part.seek(0)
                with archive.open(f"projects/{project.key}.json", "w", force_zip64=True) as entry:
                    shutil.copyfileobj(part, entry)


def write_project(project: Project, format_: str, file: IO[bytes], most: int) -> Iterator[int]:
    """Write all present tasks of a project, and yield the number of written tasks after each page.

    Each page takes the same number of queries. Raises TooLarge when there are more than `most` bytes.
    """
    with closing(WRITERS[format_](file, most)) as writer:
        yield from _write_tasks(project, writer)


def _write_tasks(project: Project, writer: Writer) -> Iterator[int]:
    writer.begin(project)
    tasks, done, last = writer.tasks(project).filter(number__lte=project.last_task_number).order_by("number"), 0, 0
    while page := list(tasks.filter(number__gt=last)[:PAGE]):
        for task in page:
            task.project = project
            writer.add(task)
        done, last = done + len(page), page[-1].number
        yield done
    writer.end()


def _tasks_of_a_table(project: Project) -> TaskQuerySet:
    tasks: TaskQuerySet = Task.objects.filter(project=project).select_related("status")
    return tasks.with_people_and_labels().prefetch_related("subtasks").with_comment_count()


def _row(task: Task) -> tuple[object, ...]:
    """Return the values of a task for COLUMNS."""
    people = [assignment.member.name for assignment in task.assignments.all()]
    return (
        *(task.key, task.title, task.description, task.status.name, task.priority),
        *(", ".join(sorted(people, key=sort_key)), ", ".join(_labels(task)), task.due_date),
        "\n".join(f"[{'x' if subtask.done else ' '}] {subtask.title}" for subtask in task.subtasks.all()),
        task.comment_count,  # type: ignore[attr-defined]  # annotated
        *(task.created_at, task.updated_at, task.completed_at, task.archived_at),
    )


class CsvWriter(TextWriter):
    """One row for each task (RFC 4180), in UTF-8 with the mark that Excel knows it by."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        super().__init__(file, most)
        self.text.write("\ufeff")
        self.rows = CsvTable(self.text)

    def tasks(self, project: Project) -> TaskQuerySet:
        return _tasks_of_a_table(project)

    def begin(self, project: Project) -> None:
        self.rows.write(COLUMNS)

    def add(self, task: Task) -> None:
        self.rows.write(local_time(value) if isinstance(value, datetime) else value for value in _row(task))
        self.check()

    def end(self) -> None:
        """Write nothing: the last row has its line break."""


class XlsxWriter:
    """The rows of the CSV with typed dates and times, in the time zone of the active scope."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        # Half of it: the sheet is on the disk twice before it is compressed.
        self.book = Workbook(file, title="Tasks", zone=current_zone(), most=most // 2)
        self.file, self.most = file, most
        self.about: dict[str, object] = {}

    def tasks(self, project: Project) -> TaskQuerySet:
        return _tasks_of_a_table(project)

    def begin(self, project: Project) -> None:
        self.about = {"project": project.name, "key": project.key}
        self.book.head(COLUMNS)

    def add(self, task: Task) -> None:
        try:
            self.book.write(_row(task))
        except SheetFull as error:
            raise TooLarge(str(error)) from error

    def end(self) -> None:
        self.book.finish(self.about)
        require_room(self.file, self.most)

    def close(self) -> None:
        self.book.close()


class JsonWriter(TextWriter):
    """The whole tree, as one object whose tasks are written one after the other."""

    between = ""

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
        self.check()

    def end(self) -> None:
        self.text.write("\n]}\n")


WRITERS: dict[str, type[Writer]] = {
    "xlsx": XlsxWriter,
    "csv": CsvWriter,
    "json": JsonWriter,
}


def _labels(task: Task) -> Sequence[str]:
    return sorted((link.label.name for link in task.task_labels.all()), key=sort_key)


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _person(member: Membership) -> dict[str, Any]:
    return {"id": member.pk, "name": member.user.name, "email": member.user.email}


def _comment(comment: Comment) -> dict[str, Any]:
    return {"author": _person(comment.author), **_fields(comment, "id", "body", "created_at", "edited_at")}
