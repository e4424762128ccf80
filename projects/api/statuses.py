"""`statuses/`"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import RowField, StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects.actions import activity, statuses
from projects.models import Category, Project, Status


class StatusSerializer(StrictModelSerializer[Status]):
    project = RowField(queryset=Project.objects.all())

    class Meta:
        model = Status
        fields = ("id", "project", "name", "category", "rank")
        extra_kwargs = {"rank": {"required": False}}


class StatusFilterSet(StrictFilterSet):
    project = filters.UUIDFilter(field_name="project_id", label=_("The id of a project."))
    category = filters.ChoiceFilter(choices=Category.choices, label=_("The category of the status."))


class StatusViewSet(TenantViewSet[Status]):
    noun, nouns = "status", "statuses"
    example = {
        "id": example_id("status"),
        "project": example_id("project"),
        "name": "In progress",
        "category": "doing",
        "rank": "a2",
    }
    queryset = Status.objects.all()
    serializer_class = StatusSerializer
    filterset_class = StatusFilterSet
    order = ("rank", "id")
    permissions = {"create": "status.manage", "partial_update": "status.manage", "destroy": "status.manage"}
    operations = {
        "list": Operation("Returns the statuses, which are the columns of the boards, ordered by rank."),
        "create": Operation(
            "Adds a status to a project. Without `rank` it is the last one. To put it between two others, send a text "
            "that sorts between their ranks (fractional indexing).",
            request={"project": example_id("project"), "name": "In progress", "category": "doing"},
        ),
        "partial_update": Operation(
            "Changes the fields that the body contains. Returns 409 if the status has tasks and its category would "
            "change to or from `done`.",
            request={"name": "In review"},
            response={
                "id": example_id("status"),
                "project": example_id("project"),
                "name": "In review",
                "category": "doing",
                "rank": "a2",
            },
        ),
        "destroy": Operation("Deletes a status permanently. Returns 409 if it has tasks, archived ones included."),
    }

    def lock(self, row: Status) -> None:
        activity.lock_project(row.project_id)

    def perform_create(self, fields: dict[str, Any]) -> Status:
        return statuses.create_status(actor=self.membership, **fields)

    def perform_update(self, row: Status, fields: dict[str, Any]) -> None:
        statuses.update_status(status=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Status) -> None:
        statuses.delete_status(status=row, actor=self.membership)
