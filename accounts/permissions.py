"""Who may do what: the one table that views, API and actions ask.

It says what a role allows in the account. Which rows somebody sees is the business of each model's `visible_to()`;
what applies to single rows beyond that is said in the words of the entries and checked by the actions. The page for
people is docs/roles.md, which `config.roles` makes of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Membership, Role

EVERYBODY = frozenset(Role)
WRITERS = EVERYBODY - {Role.VIEWER}
ADMINS = frozenset({Role.OWNER, Role.ADMIN})
OWNERS = frozenset({Role.OWNER})


@dataclass(frozen=True)
class Permission:
    """Something that can be done in an account, and in which roles."""

    roles: frozenset[Role]
    about: str  # in words, after which nobody has to read the code


PERMISSIONS: Mapping[str, Permission] = {
    "account.read": Permission(EVERYBODY, "see the account, its members, labels and open projects"),
    "account.update": Permission(
        ADMINS, "change name, address, time zone and look of the account, and how files leave it"
    ),
    "account.transfer": Permission(OWNERS, "make somebody else the owner"),
    "account.export": Permission(OWNERS, "export everything that the account has, private projects too"),
    "account.delete": Permission(OWNERS, "delete the account with everything in it, and call that off"),
    "audit.read": Permission(ADMINS, "read the audit log and export it"),
    "profile.update": Permission(EVERYBODY, "change one's own name, and choose which mails one gets"),
    "member.manage": Permission(ADMINS, "invite and remove members and change their roles, except owners"),
    "member.leave": Permission(EVERYBODY, "leave the account"),
    "token.manage": Permission(
        EVERYBODY, "make and revoke one's own personal tokens, which may do no more than oneself"
    ),
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
    "task.write": Permission(WRITERS, "create, change, move, complete, archive and delete tasks"),
    "subtask.write": Permission(WRITERS, "create, change, tick off and delete subtasks"),
    "file.write": Permission(WRITERS, "attach files to tasks and to one's own comments; delete one's own files"),
    "file.delete_any": Permission(ADMINS, "delete the files of others"),
    "comment.write": Permission(WRITERS, "comment on tasks; edit and delete one's own comments"),
    "comment.delete_any": Permission(ADMINS, "delete the comments of others"),
    "notification.read": Permission(EVERYBODY, "mark one's own notifications as read"),
}


def may(membership: Membership, permission: str) -> bool:
    """Say whether the role of `membership` allows `permission`, which must be in the table: KeyError otherwise."""
    return membership.as_role in PERMISSIONS[permission].roles


def require(membership: Membership, permission: str) -> None:
    """Raise PermissionDenied, which is answered with 403 `permission_denied`, unless the role allows `permission`."""
    if not may(membership, permission):
        raise PermissionDenied(_("Your role in this account does not allow this."))
