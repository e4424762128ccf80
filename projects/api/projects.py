"""`projects/`"""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership
from accounts.rest.documentation import Operation, example_id
from accounts.rest.filters import ArchivedFilterSet
from accounts.rest.serializers import RowField, StrictModelSerializer, StrictSerializer
from accounts.rest.views import TenantViewSet
from projects.actions import projects
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


class ProjectMemberSerializer(StrictSerializer):
    """A member who sees a private project: the id of a row of `members/`."""

    member = RowField(queryset=Membership.objects.current())


class ProjectMembersSerializer(StrictSerializer):
    results = ProjectMemberSerializer(many=True)


class ProjectViewSet(TenantViewSet[Project]):
    noun = "project"
    example = {
        "id": example_id("project"),
        "key": "WEB",
        "name": "Website",
        "description": "The new website.",
        "color": "blue",
        "private": False,
        "archived_at": None,
        "created_at": "2026-11-02T08:00:00Z",
        "updated_at": "2026-11-21T09:30:00Z",
    }
    queryset = Project.objects.all()
    serializer_class = ProjectSerializer
    filterset_class = ArchivedFilterSet
    order = ("key",)
    permissions = {
        "create": "project.create",
        "partial_update": "project.update",
        "destroy": "project.delete",
        "archive": "project.archive",
        "restore": "project.archive",
        "add_member": "project.manage",
        "remove_member": "project.leave",
    }
    operations = {
        "list": Operation(
            "Returns the projects that the member can see, ordered by key. Archived projects are included only with "
            "`archived`."
        ),
        "create": Operation(
            "Creates a project with the statuses Backlog, To do, In progress and Done. The user becomes a member of "
            "it. Without `key` the server derives one from the name.",
            request={"name": "Website", "key": "WEB", "color": "blue"},
        ),
        "partial_update": Operation(request={"description": "The new website.", "private": False}),
        "destroy": Operation("Deletes a project permanently, with all its tasks and files."),
        "archive": Operation("Archives a project with all its tasks. Returns 409 if it is archived already."),
        "restore": Operation("Restores an archived project. Returns 409 if it is not archived."),
        "members": Operation(
            "Returns the members of a project, the oldest membership first. While the project is private, these "
            "members, owners and admins can see it.",
            "List the members of a project",
            "listProjectMembers",
            response={"results": [{"member": example_id("bob")}]},
            headers=(),
        ),
        "add_member": Operation(
            "Adds a member to a project. A member who is in the project already changes nothing.",
            "Add a member to a project",
            "addProjectMember",
            request={"member": example_id("bob")},
            response={"member": example_id("bob")},
            headers=(),
        ),
        "remove_member": Operation(
            "Removes a member from a project. Members may remove themselves. Returns 409 for the last member of a "
            "private project.",
            "Remove a member from a project",
            "removeProjectMember",
        ),
    }

    def perform_create(self, fields: dict[str, Any]) -> Project:
        return projects.create_project(actor=self.membership, **fields)

    def perform_update(self, row: Project, fields: dict[str, Any]) -> None:
        projects.update_project(project=row, actor=self.membership, **fields)

    def perform_destroy(self, row: Project) -> None:
        projects.delete_project(project=row, actor=self.membership)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Archive the project; 409 when it is archived already."""
        return self.act(projects.archive_project)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Take the project out of the archive; 409 when it is not there."""
        return self.act(projects.restore_project)

    @extend_schema(responses=ProjectMembersSerializer, parameters=[], filters=False)
    @action(detail=True, serializer_class=ProjectMemberSerializer, pagination_class=None)
    def members(self, request: Request, pk: str) -> Response:
        """The members of the project, oldest first: those who see it while it is private, beside the admins."""
        links = self.get_object().current_members()
        return Response({"results": ProjectMemberSerializer(links, many=True).data})

    @extend_schema(responses={201: ProjectMemberSerializer})
    @members.mapping.post
    def add_member(self, request: Request, pk: str) -> Response:
        """Add a member; one who is there already changes nothing."""
        project, fields = self.get_object(), self.read_body()
        link = projects.add_project_member(project=project, actor=self.membership, **fields)
        return Response(ProjectMemberSerializer(link).data, status=201)

    @extend_schema(
        parameters=[OpenApiParameter("member", UUID, OpenApiParameter.PATH, description="The id of the member.")],
        responses={204: None},
    )
    @action(detail=True, methods=["delete"], url_path="members/(?P<member>[^/.]+)")
    def remove_member(self, request: Request, pk: str, member: str) -> Response:
        """Remove a member from the project; all members may remove themselves."""
        project = self.get_object()
        try:
            found = Membership.objects.filter(pk=UUID(member)).first()
        except ValueError as error:
            raise Http404 from error
        if found is None:
            raise Http404
        projects.remove_project_member(project=project, actor=self.membership, member=found)
        return Response(status=204)
