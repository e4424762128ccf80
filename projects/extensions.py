"""The extension points that projects use."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import permissions, quotas
from accounts.extensions import Topic, shows, topics
from accounts.models import Membership
from accounts.permissions import ADMINS, EVERYBODY, WRITERS, Permission, may
from accounts.quotas import Quota
from projects.api.labels import LabelSerializer, LabelViewSet
from projects.api.projects import ProjectSerializer, ProjectViewSet
from projects.api.statuses import StatusSerializer, StatusViewSet
from projects.models import Activity, Project

permissions.declare(
    {
        "project.create": Permission(WRITERS, "create projects"),
        "project.update": Permission(WRITERS, "change the projects that one sees"),
        "project.see_private": Permission(ADMINS, "see private projects without being a member of them"),
        "project.manage": Permission(WRITERS, "change privacy and members of the projects that one is a member of"),
        "project.manage_any": Permission(ADMINS, "change privacy and members of all projects"),
        "project.leave": Permission(EVERYBODY, "leave a project that one is a member of"),
        "project.archive": Permission(ADMINS, "archive projects and restore them"),
        "project.delete": Permission(ADMINS, "delete projects with everything in them"),
        "project.publish": Permission(ADMINS, "show projects on the public roadmap"),
        "project.export": Permission(EVERYBODY, "export the projects that one sees"),
        "status.manage": Permission(ADMINS, "create, change and delete statuses, the columns of a board"),
        "label.write": Permission(WRITERS, "create, change and delete labels"),
    }
)

quotas.declare(
    Quota(
        "projects",
        label=_("Projects, including archived ones"),
        rows=lambda: [Project.objects.all()],
        message=_(
            "The plan “%(plan)s” includes %(limit)d projects, including archived ones. Delete one, or change the plan."
        ),
    )
)


class ProjectTopic(Topic):
    """Projects. Members who may see a project may follow its events."""

    name = "project"
    model = Project
    activity = Activity

    def visible_to(self, member: Membership) -> QuerySet[Project]:
        return Project.objects.visible_to(member)

    def hidden(
        self, members: Mapping[UUID, Membership], followed: Collection[tuple[UUID, UUID]]
    ) -> set[tuple[UUID, UUID]]:
        private = Project.objects.filter(pk__in={project for _, project in followed}, private=True)
        links = set(private.values_list("project_members__member", "pk"))  # of None where there is no member
        hidden = {project for _, project in links}
        unlinked = {pair for pair in followed if pair[1] in hidden and pair not in links}
        return {(member, project) for member, project in unlinked if not _sees_all(members.get(member))}


def _sees_all(member: Membership | None) -> bool:
    return member is not None and may(member, "project.see_private")


topics.register(ProjectTopic())
shows("project", ProjectViewSet.queryset, ProjectSerializer)
shows("status", StatusViewSet.queryset, StatusSerializer)
shows("label", LabelViewSet.queryset, LabelSerializer)
