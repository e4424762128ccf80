"""`statuses/`"""

from typing import Any

from django_filters import rest_framework as filters

from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import RowField, StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects import actions
from projects.models import Category, Project, Status


class StatusSerializer(StrictModelSerializer[Status]):
    project = RowField(queryset=Project.objects.all())

    class Meta:
        model = Status
        fields = ("id", "project", "name", "category", "rank")
        extra_kwargs = {"rank": {"required": False}}


class StatusFilterSet(StrictFilterSet):
    project = filters.UUIDFilter(field_name="project_id")
    category = filters.ChoiceFilter(choices=Category.choices)


class StatusViewSet(TenantViewSet[Status]):
    queryset = Status.objects.all()
    serializer_class = StatusSerializer
    filterset_class = StatusFilterSet
    order = ("rank", "id")
    permissions = {"create": "status.manage", "partial_update": "status.manage", "destroy": "status.manage"}

    def lock(self, row: Status) -> None:
        actions.lock_project(row.project_id)

    def perform_create(self, fields: dict[str, Any]) -> Status:
        return actions.create_status(actor=self.membership, **fields)

    def perform_update(self, row: Status, fields: dict[str, Any]) -> None:
        actions.update_status(status=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Status) -> None:
        actions.delete_status(status=row, actor=self.membership)
