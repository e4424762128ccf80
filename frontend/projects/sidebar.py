"""The list of projects in the side bar."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from accounts.models import Membership
from frontend.shared.kept import Part
from projects.models import Project


class ProjectLink(NamedTuple):
    """A link to a project. `current` is the value of `aria-current`, empty on pages of other projects."""

    key: str
    name: str
    color: str
    private: bool
    current: str


@dataclass(frozen=True, slots=True)
class ProjectLinks(Part):
    template: ClassVar[str] = "projects/sidebar.html"
    projects: tuple[ProjectLink, ...]


def project_links_of(membership: Membership, current: Project | None, *, is_project_page: bool) -> ProjectLinks:
    """Return the links to the projects that a member may see. One query.

    `current` is the project of the page, and `is_project_page` whether the page is its own.
    """
    rows = Project.objects.visible_to(membership).active().values_list("key", "name", "color", "private")
    mark = "page" if is_project_page else "true"
    of_page = current.key if current else None
    return ProjectLinks(tuple(ProjectLink(*row, current=mark if row[0] == of_page else "") for row in rows))
