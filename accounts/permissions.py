"""Roles and permissions: the table that views, API and actions read.

It defines what a role allows in the account. Each app declares its own entries in its module `extensions.py`. The rows
that a member sees are those of each model's `visible_to()`. The entries describe in words what applies to single rows
beyond that, and the actions check it. `config.roles` writes docs/roles.md from the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.utils.translation import gettext as _

from accounts.roles import Role

if TYPE_CHECKING:
    from accounts.models import Membership

EVERYBODY = frozenset(Role)
WRITERS = EVERYBODY - {Role.VIEWER}
ADMINS = frozenset({Role.OWNER, Role.ADMIN})
OWNERS = frozenset({Role.OWNER})


@dataclass(frozen=True)
class Permission:
    """Something that can be done in an account, and in which roles."""

    roles: frozenset[Role]
    about: str  # in words that need no reading of the code


PERMISSIONS: dict[str, Permission] = {
    "account.read": Permission(EVERYBODY, "see the account, its members and all that is not private"),
    "account.update": Permission(
        ADMINS, "change name, address, time zone and look of the account, and how files leave it"
    ),
    "account.transfer": Permission(OWNERS, "transfer the account to another member"),
    "account.export": Permission(OWNERS, "export everything that the account has, also what is private"),
    "account.delete": Permission(OWNERS, "delete the account with everything in it, and call that off"),
    "audit.read": Permission(ADMINS, "read the audit log and export it"),
    "profile.update": Permission(EVERYBODY, "change their own name and email settings"),
    "member.manage": Permission(ADMINS, "invite and remove members and change their roles, except owners"),
    "member.leave": Permission(EVERYBODY, "leave the account"),
    "token.manage": Permission(
        EVERYBODY, "create and revoke their own personal tokens, which have no more permissions than the member"
    ),
    "notification.read": Permission(EVERYBODY, "mark their own notifications as read"),
    "file.write": Permission(WRITERS, "attach files; delete their own files"),
    "file.delete_any": Permission(ADMINS, "delete the files of others"),
}


def declare(permissions: Mapping[str, Permission]) -> None:
    """Add the permissions of an app, by their names. Raises ImproperlyConfigured if one is declared already."""
    if declared := PERMISSIONS.keys() & permissions.keys():
        raise ImproperlyConfigured(
            f"These permissions are declared twice: {', '.join(sorted(declared))}. Rename them."
        )
    PERMISSIONS.update(permissions)


def may(membership: "Membership", permission: str) -> bool:
    """Return whether the role of `membership` allows `permission`, which must be in the table: KeyError otherwise."""
    return membership.as_role in PERMISSIONS[permission].roles


def require(membership: "Membership", permission: str) -> None:
    """Raise PermissionDenied, which is answered with 403 `permission_denied`, unless the role allows `permission`."""
    if not may(membership, permission):
        raise PermissionDenied(_("Your role in this account does not allow this."))
