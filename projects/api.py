"""`projects/`"""

from typing import Any

from accounts.rest.filters import ArchivedFilter
from accounts.rest.serializers import StrictModelSerializer
from accounts.rest.views import TenantViewSet
from projects import actions
from projects.models import Project


class ProjectSerializer(StrictModelSerializer[Project]):
    class Meta:
        model = Project
        fields = (
            "id",
            "key",
            "name",
            "description",
            "color",
            "private",
            "archived_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("archived_at",)
        extra_kwargs = {"key": {"required": False}, "description": {"trim_whitespace": False}}


class ProjectViewSet(TenantViewSet[Project]):
    queryset = Project.objects.all()
    serializer_class = ProjectSerializer
    filter_backends = (ArchivedFilter,)
    order = ("key",)
    permissions = {"create": "project.create", "partial_update": "project.update", "destroy": "project.delete"}

    def perform_create(self, fields: dict[str, Any]) -> Project:
        return actions.create_project(actor=self.membership, **fields)

    def perform_update(self, row: Project, fields: dict[str, Any]) -> None:
        actions.update_project(project=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Project) -> None:
        actions.delete_project(project=row, actor=self.membership)
