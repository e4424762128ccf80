"""Projects with their members, statuses, labels and activity."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import AbstractActivity, AbstractTopic, Color, Membership
from accounts.permissions import may
from projects.keys import PROJECT_KEY
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import LineField, SortKey, TenantForeignKey, TextField
from tenancy.models import TenantManager, TenantModel

validate_key = RegexValidator(
    rf"\A{PROJECT_KEY}\Z", _("Use 2 to 10 capital letters and digits, beginning with a letter.")
)

KEY_REFUSED = _("This key is not available. Choose another.")


class RankField(models.CharField):  # type: ignore[type-arg]
    """A rank (fractional indexing): text that compares byte by byte, with room between any two values."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**{**kwargs, "max_length": 255, "db_collation": "C"})  # type: ignore[arg-type]


def visible_through(membership: Membership, path: str = "") -> Q:
    """Return the condition that a member may see the project at `path`, such as `task__project`; "" is the row itself.

    All members see open projects and the private projects of which they are members; owners and admins see all.
    """
    if may(membership, "project.see_private"):
        return Q()
    mine = ProjectMember.objects.filter(project=OuterRef(path or "pk"), member=membership)
    return Q(**{f"{path}__private".removeprefix("__"): False}) | Q(Exists(mine))


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the projects that a member may see: open projects and the private projects of which they are members.

        Owners and admins see all projects.
        """
        return self.filter(visible_through(membership))

    def active(self) -> Self:
        """Return the projects that are not archived."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        """Return the projects that are."""
        return self.exclude(archived_at=None)


class Project(AbstractTopic):
    key = models.CharField(max_length=10, validators=[validate_key])  # WEB in WEB-42
    name = LineField(max_length=200)
    description = TextField(blank=True, max_length=20_000)
    color = models.CharField(max_length=10, choices=Color, default=Color.BLUE)
    private = models.BooleanField(default=False)
    on_roadmap = models.BooleanField(default=False)  # public in the `roadmap` variant
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_task_number = models.PositiveIntegerField(default=0, editable=False)  # a counter, as last_activity_seq is

    objects: ClassVar = TenantManager.from_queryset(ProjectQuerySet)()

    class Meta:
        ordering = ("key",)
        constraints = [TenantUniqueConstraint(fields=["key"], name="project_key")]

    def __str__(self) -> str:
        return self.name

    def unique_error_message(self, model_class: Any, unique_check: Any) -> ValidationError:
        """Return the message for a taken key, whether or not the member sees the project with that key."""
        return ValidationError(KEY_REFUSED, code="unique")

    def current_members(self) -> "list[ProjectMember]":
        """Return the links to members who belong to the account now, oldest first, with them. Two queries."""
        links = self.project_members.order_by("id").prefetch_related("member")
        return [link for link in links if link.member.ended_at is None]

    def seen_by(self, members: Iterable[Membership]) -> list[Membership]:
        """Return those of `members` who belong to the account now and may see the project: `visible_to()` reversed."""
        inside = {link.member_id for link in self.project_members.all()} if self.private else set()
        return [
            member
            for member in members
            if member.ended_at is None
            and (not self.private or member.pk in inside or may(member, "project.see_private"))
        ]


class Category(models.TextChoices):
    BACKLOG = "backlog", _("Backlog")
    TODO = "todo", _("To do")
    DOING = "doing", _("In progress")
    DONE = "done", _("Done")


class StatusQuerySet(models.QuerySet["Status"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the statuses of the projects that a member may see."""
        return self.filter(visible_through(membership, "project"))


class Status(TenantModel):
    """A column of a project's board."""

    project = TenantForeignKey(Project, on_delete=models.CASCADE, related_name="statuses")
    name = LineField(max_length=50)
    category = models.CharField(max_length=10, choices=Category)
    rank = RankField()

    objects: ClassVar = TenantManager.from_queryset(StatusQuerySet)()

    class Meta:
        ordering = ("rank", "id")
        verbose_name_plural = "statuses"
        constraints = [TenantUniqueConstraint(fields=["project", "name"], name="status_name")]
        indexes = [models.Index(fields=["account", "project", "rank"], name="status_order")]

    def __str__(self) -> str:
        return self.name


class ProjectMember(TenantModel):
    """A member who sees a private project."""

    ends_with_membership = "member"  # of the account: see accounts.actions.members

    project = TenantForeignKey(Project, on_delete=models.CASCADE, related_name="project_members")
    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="project_members")

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["project", "member"], name="project_member")]
        indexes = [models.Index(fields=["account", "member"], name="project_member_member")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.project_id}"


class LabelQuerySet(models.QuerySet["Label"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return all labels: they belong to the account and not to a project."""
        return self


class Label(TenantModel):
    name = LineField(max_length=50)
    color = models.CharField(max_length=10, choices=Color, default=Color.GREY)
    name_key = SortKey("name")

    objects: ClassVar = TenantManager.from_queryset(LabelQuerySet)()

    class Meta:
        ordering = ("name_key", "id")
        constraints = [
            TenantUniqueConstraint(
                Lower("name"), name="label_name", violation_error_message=_("Label with this name already exists.")
            )
        ]

    def __str__(self) -> str:
        return self.name


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the activity of the projects that a member may see."""
        return self.filter(visible_through(membership, "project"))

    def about_task(self, task_id: UUID) -> Self:
        """Return the activity of a task and its parts."""
        return self.filter(Q(object_id=task_id) | Q(task_id=task_id))


class Activity(AbstractActivity):
    """An event in a project: the activity feed, and the source of missed events of live clients."""

    project = TenantForeignKey(Project, on_delete=models.CASCADE, related_name="activities")
    task_id = models.UUIDField(null=True, editable=False)  # which task the object is a part of: `task` in `data`

    objects: ClassVar = TenantManager.from_queryset(ActivityQuerySet)()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "activities"
        constraints = [TenantUniqueConstraint(fields=["project", "seq"], name="activity_seq")]
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="activity_newest"),
            models.Index(fields=["account", "actor"], name="activity_actor"),
            models.Index(fields=["account", "object_id"], name="activity_object"),
            models.Index(fields=["account", "task_id"], name="activity_task", condition=Q(task_id__isnull=False)),
        ]
