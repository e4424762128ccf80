"""Who may do what: the one table that views, API and actions ask.

It says what a role allows in the account. Which rows somebody sees is the business of each model's `visible_to()`;
what applies to single projects beyond that is written beside the entries.
"""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Membership, Role

EVERYBODY = frozenset(Role)
WRITERS = EVERYBODY - {Role.VIEWER}
ADMINS = frozenset({Role.OWNER, Role.ADMIN})
OWNERS = frozenset({Role.OWNER})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "account.read": EVERYBODY,  # what they see of it
    "account.update": ADMINS,
    "profile.update": EVERYBODY,  # one's own name
    "account.delete": OWNERS,
    "account.transfer": OWNERS,
    "member.manage": ADMINS,
    "token.manage": EVERYBODY,  # one's own personal tokens, which do no more than their member may
    "project.create": WRITERS,
    "project.update": WRITERS,  # of the projects that they see
    "project.see_private": ADMINS,  # everybody else sees the private projects that they are a member of
    "project.manage": WRITERS,  # privacy and members, of the projects that they are a member of
    "project.manage_any": ADMINS,
    "project.leave": EVERYBODY,
    "project.archive": ADMINS,
    "project.delete": ADMINS,
    "project.publish": ADMINS,  # on the public roadmap
    "status.manage": ADMINS,
    "label.write": WRITERS,
    "task.write": WRITERS,
    "subtask.write": WRITERS,
    "file.write": WRITERS,
    "comment.write": WRITERS,  # people edit their own
    "comment.delete_any": ADMINS,
}


def may(membership: Membership, permission: str) -> bool:
    """Say whether the role of `membership` allows `permission`, which must be in the table: KeyError otherwise."""
    return membership.as_role in PERMISSIONS[permission]


def require(membership: Membership, permission: str) -> None:
    """Raise PermissionDenied, which is answered with 403 `permission_denied`, unless the role allows `permission`."""
    if not may(membership, permission):
        raise PermissionDenied(_("Your role in this account does not allow this."))
