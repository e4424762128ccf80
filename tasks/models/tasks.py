"""Tasks with their subtasks, assignments and comments."""

import re
from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Count, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from projects.keys import PROJECT_KEY
from projects.models import Label, Project, RankField, Status, visible_through
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import LineField, SearchText, SortKey, TenantForeignKey, TextField
from tenancy.folding import search_words
from tenancy.models import TenantManager, TenantModel


class Priority(models.TextChoices):
    NONE = "none", _("No priority")
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


def _count(model: type[models.Model], **conditions: object) -> Coalesce:
    """Return the number of a task's rows of `model`, as a subquery."""
    rows = model._default_manager.filter(task=OuterRef("pk"), **conditions).order_by().values("task")
    return Coalesce(Subquery(rows.annotate(number=Count("*")).values("number")), 0)


def _ids(model: type[models.Model], name: str) -> ArraySubquery:
    """Return the ids in the column `name` of a task's rows of `model`, as an array."""
    rows = model._default_manager.filter(task=OuterRef("pk")).order_by().values(name)
    return ArraySubquery(rows, output_field=ArrayField(models.UUIDField()))


def _with_word(word: str, inside: Sequence[type[models.Model]]) -> Q:
    """Return the condition that a task has `word` in itself, as its key, or in its rows of the models `inside`.

    The database reads the text of each row of the account once: `LIKE` is not leakproof, so that under row
    security no index on the text could be used.
    """
    found = Q(search_text__contains=word)
    if match := TASK_KEY.fullmatch(word.replace(" ", "").upper()):
        found |= Q(project__key=match["project"], number=int(match["number"]))
    for model in inside:
        rows = model._default_manager.filter(search_text__contains=word)
        found |= Q(pk__in=rows.values("task"))
    return found


# WEB-42
TASK_KEY = re.compile(rf"(?P<project>{PROJECT_KEY})-(?P<number>[1-9][0-9]{{0,9}})")
LINKED_TASK_KEY = f"{PROJECT_KEY}-[1-9][0-9]{{0,8}}"  # in URLs and text: nine digits fit into the database column


class TaskQuerySet(models.QuerySet["Task"]):
    def named(self, text: str) -> Self:
        """Return the task with the id or key `text`. Raises ValueError for other texts."""
        if match := TASK_KEY.fullmatch(text):
            return self.filter(project__key=match["project"], number=int(match["number"]))
        return self.filter(pk=UUID(text))

    def visible_to(self, membership: Membership) -> Self:
        """Return the tasks of the projects that a member may see."""
        return self.filter(visible_through(membership, "project"))

    def active(self) -> Self:
        """Return the tasks that are not archived, in projects that are not archived."""
        return self.filter(archived_at=None, project__archived_at=None)

    def archived(self) -> Self:
        """Return the tasks that are archived, or whose project is."""
        return self.exclude(archived_at=None, project__archived_at=None)

    def with_subtask_counts(self) -> Self:
        """Add `subtasks_total` and `subtasks_done`.

        Counted per row that is returned. A join with GROUP BY would count those of all tasks before the first page of
        them is cut off: 540 ms instead of 100 for 20,000 tasks, most of it in temporary files.
        """
        return self.annotate(subtasks_total=_count(Subtask), subtasks_done=_count(Subtask, done=True))

    def with_comment_count(self) -> Self:
        """Add `comment_count`."""
        return self.annotate(comment_count=_count(Comment))

    def with_order_keys(self) -> Self:
        """Add `due_or_never`, a date also for tasks that are never due, and `urgency`, 0 for no priority to 4."""
        priorities = [When(priority=priority, then=Value(place)) for place, priority in enumerate(Priority)]
        return self.annotate(
            due_or_never=Coalesce("due_date", Value(date.max, output_field=models.DateField())),
            urgency=Case(*priorities, default=Value(0), output_field=models.IntegerField()),
        )

    def matching(self, query: str) -> Self:
        """Return the tasks with all words of `query` in their title or description, or as their key."""
        return self._with_all_words(query, ())

    def matching_anywhere(self, query: str) -> Self:
        """Return the tasks with all words of `query` in themselves, their subtasks or comments, in any order.

        The lists `found_subtasks` and `found_comments` of each are those with one of the words at least.
        """
        inside = (Subtask, Comment)
        any_word = Q(*(Q(search_text__contains=word) for word in search_words(query)), _connector=Q.OR)
        return self._with_all_words(query, inside).prefetch_related(
            Prefetch("subtasks", Subtask.objects.filter(any_word), to_attr="found_subtasks"),
            Prefetch("comments", Comment.objects.filter(any_word), to_attr="found_comments"),
        )

    def _with_all_words(self, query: str, inside: Sequence[type["Subtask | Comment"]]) -> Self:
        words = search_words(query)
        return self.filter(*(_with_word(word, inside) for word in words)) if words else self.none()

    def with_links(self) -> Self:
        """Add the lists `assignee_ids` and `label_ids`, in no order.

        Arrays of the same statement: a prefetch needs one more each, and makes an object of each link.
        """
        return self.annotate(assignee_ids=_ids(Assignment, "member_id"), label_ids=_ids(TaskLabel, "label_id"))

    def with_people_and_labels(self) -> Self:
        """Fetch assignees and labels, two queries each: people are shared rows, which tenant rows do not join."""
        return self.prefetch_related("assignments__member__user", "task_labels__label")


class Task(TenantModel):
    project = TenantForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    number = models.PositiveIntegerField(editable=False)  # 42 in WEB-42, counted per project
    title = LineField(max_length=500)
    description = TextField(blank=True, max_length=50_000)  # Markdown
    status = TenantForeignKey(Status, on_delete=models.RESTRICT, related_name="tasks")
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NONE)
    due_date = models.DateField(null=True, blank=True)
    rank = RankField()
    # Set exactly while the status category is "done": the actions change both, a check constraint would need a join.
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    title_key = SortKey("title")
    search_text = SearchText("title", "description")

    objects: ClassVar = TenantManager.from_queryset(TaskQuerySet)()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [TenantUniqueConstraint(fields=["project", "number"], name="task_number")]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="task_newest"),
            models.Index(fields=["account", "status", "rank"], name="task_column"),
            models.Index(fields=["account", "due_date"], name="task_due", condition=Q(completed_at=None)),
        ]

    def __str__(self) -> str:
        return self.title

    # Set by matching_anywhere() alone.
    found_subtasks: list["Subtask"]
    found_comments: list["Comment"]

    @property
    def key(self) -> str:
        """WEB-42. Needs `project` to be loaded."""
        return f"{self.project.key}-{self.number}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def due_between(self, first: date, last: date) -> Self:
        """Return those of open tasks due on one of these days, with the task, its project and the member."""
        due = self.filter(task__due_date__range=(first, last), task__completed_at=None)
        alive = due.filter(task__archived_at=None, task__project__archived_at=None)
        return alive.select_related("task__project").prefetch_related("member", "task__project__project_members")


class Assignment(TenantModel):
    task = TenantForeignKey(Task, on_delete=models.CASCADE, related_name="assignments")
    member = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="assignments")

    objects: ClassVar = TenantManager.from_queryset(AssignmentQuerySet)()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["task", "member"], name="task_assignee")]
        indexes = [models.Index(fields=["account", "member"], name="assignment_member")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.task_id}"


class TaskLabel(TenantModel):
    task = TenantForeignKey(Task, on_delete=models.CASCADE, related_name="task_labels")
    label = TenantForeignKey(Label, on_delete=models.CASCADE, related_name="task_labels")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["task", "label"], name="task_label")]
        indexes = [models.Index(fields=["account", "label"], name="task_label_label")]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.task_id}"


class SubtaskQuerySet(models.QuerySet["Subtask"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the subtasks of the projects that a member may see."""
        return self.filter(visible_through(membership, "task__project"))


class Subtask(TenantModel):
    task = TenantForeignKey(Task, on_delete=models.CASCADE, related_name="subtasks")
    title = LineField(max_length=500)
    done = models.BooleanField(default=False)
    rank = RankField()
    title_key = SortKey("title")
    search_text = SearchText("title")

    objects: ClassVar = TenantManager.from_queryset(SubtaskQuerySet)()

    class Meta:
        ordering = ("rank", "id")
        indexes = [
            models.Index(fields=["account", "task", "rank"], name="subtask_order"),
            models.Index(fields=["account", "rank", "id"], name="subtask_rank"),  # the list of the API
            models.Index(fields=["account", "title_key", "id"], name="subtask_title_key"),
        ]

    def __str__(self) -> str:
        return self.title


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the comments on tasks of the projects that a member may see."""
        return self.filter(visible_through(membership, "task__project"))


class Comment(TenantModel):
    task = TenantForeignKey(Task, on_delete=models.CASCADE, related_name="comments")
    author = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="comments")
    body = TextField(max_length=20_000)  # Markdown
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)
    search_text = SearchText("body")

    objects: ClassVar = TenantManager.from_queryset(CommentQuerySet)()

    class Meta:
        ordering = ("created_at", "id")
        indexes = [
            models.Index(fields=["account", "task", "created_at", "id"], name="comment_order"),
            models.Index(fields=["account", "author"], name="comment_author"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} on {self.task_id}"
