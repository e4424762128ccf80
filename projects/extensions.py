"""What projects add to the product."""

from django.utils.translation import gettext_lazy as _

from accounts import permissions, quotas
from accounts.live.events import shows
from accounts.permissions import ADMINS, EVERYBODY, WRITERS, Permission
from accounts.quotas import Quota
from projects.api.labels import LabelSerializer, LabelViewSet
from projects.api.projects import ProjectSerializer, ProjectViewSet
from projects.api.statuses import StatusSerializer, StatusViewSet
from projects.models import Project

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
        label=_("Projects, archived ones too"),
        rows=lambda: [Project.objects.all()],
        message=_(
            "The plan “%(plan)s” includes %(limit)d projects, archived ones too. Delete one, or change the plan."
        ),
    )
)

shows("project", ProjectViewSet.queryset, ProjectSerializer)
shows("status", StatusViewSet.queryset, StatusSerializer)
shows("label", LabelViewSet.queryset, LabelSerializer)
