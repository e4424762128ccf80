"""The parts of the frame: what is around the content of a page."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix

from accounts.models import Membership, Notification
from accounts.roles import Role
from frontend.shared.access import MemberRequest
from frontend.shared.kept import Part
from tenancy.routing import Refused, parse_host

MOST_UNREAD = 99  # counted notifications
THEMES = ("light", "dark")


class Brand(NamedTuple):
    """An account as `shared/components/brand.html` shows it."""

    name: str
    logo: str


class Person(NamedTuple):
    """A member as `shared/components/person.html` shows them."""

    id: UUID
    name: str
    avatar: str


class Viewer(NamedTuple):
    """What the filter `may` reads of a member."""

    as_role: Role


@dataclass(frozen=True, slots=True)
class Styles(Part):
    """The style sheets and the icon of a page, on the host `origin`."""

    template: ClassVar[str] = "shared/shell/styles.html"
    origin: str


@dataclass(frozen=True, slots=True)
class Sidebar(Part):
    """The side bar above the projects: the account, the switcher and the links."""

    template: ClassVar[str] = "shared/shell/sidebar.html"
    account: Brand
    path: str
    unread: str


@dataclass(frozen=True, slots=True)
class PersonMenu(Part):
    """The menu of the logged-in user. Its form for the log-out takes the CSRF token from outside of this part."""

    template: ClassVar[str] = "shared/shell/person.html"
    member: Person
    name: str
    email: str
    role: str
    theme: str


@dataclass(frozen=True, slots=True)
class Beside(Part):
    """What scripts show beside the content."""

    template: ClassVar[str] = "shared/shell/beside.html"
    viewer: Viewer


def styles_of(request: HttpRequest | None) -> Styles:
    return Styles("" if serves_files(request) else settings.PUBLIC_URL)


def sidebar_of(request: MemberRequest) -> Sidebar:
    """Return the side bar of a member. Two queries at most."""
    return Sidebar(
        account=Brand(request.tenant.name, request.tenant.logo),
        path=_path_of(request),
        unread=unread_of(request.membership),
    )


def person_menu_of(request: MemberRequest) -> PersonMenu:
    member = request.membership
    return PersonMenu(
        member=Person(member.pk, member.name, member.avatar),
        name=request.user.get_full_name(),
        email=request.user.email,
        role=member.get_role_display(),
        theme=chosen_theme(request),
    )


def unread_of(membership: Membership) -> str:
    """Return the number of unread notifications, empty for none. One query, and another if there are any."""
    # Which subjects the member may see is a subquery for each kind. Most members have read all notifications.
    if not Notification.objects.filter(member=membership).unread().exists():
        return ""
    # Counted here: a COUNT of the first hundred is a subquery, which Django takes longer to compile than this.
    rows = Notification.objects.visible_to(membership).unread().order_by().values_list("pk")
    unread = len(rows[: MOST_UNREAD + 1])
    return f"{MOST_UNREAD}+" if unread > MOST_UNREAD else str(unread or "")


def chosen_theme(request: HttpRequest | None) -> str:
    """Return the theme in the cookie of theme.js, "" for an unknown value."""
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


def serves_files(request: HttpRequest | None) -> bool:
    """Return whether the host of a request serves static files. Hosts without a tenant do not."""
    if request is None or getattr(request, "tenant", None) is not None:
        return True
    try:
        return parse_host(request) == str(settings.BASE_DOMAIN)
    except Refused:
        return False


def _path_of(request: HttpRequest) -> str:
    """Return the path of a page, up to the first argument of its URL pattern.

    Pages whose paths differ in arguments only have the same current link: `/tasks/<` for all tasks.
    """
    match = request.resolver_match
    before, argument, _rest = match.route.partition("<") if match else ("", "", "")
    return f"{get_script_prefix()}{before}{argument}" if argument else request.path
