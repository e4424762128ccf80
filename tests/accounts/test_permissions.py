"""The table of roles, compared with the contract."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Membership, Role
from accounts.permissions import PERMISSIONS, may, require
from tests.sample.extensions import PERMISSIONS as SAMPLES

WRITES = {
    "project.create",
    "project.update",
    "project.manage",
    "label.write",
    "task.write",
    "subtask.write",
    "file.write",
    "comment.write",
}
ADMINISTERS = {
    "account.update",
    "audit.read",
    "member.manage",
    "project.see_private",
    "project.manage_any",
    "project.archive",
    "project.delete",
    "project.publish",
    "status.manage",
    "comment.delete_any",
    "file.delete_any",
}
EVERYBODY_DOES = {
    "account.read",
    "member.leave",
    "profile.update",
    "project.leave",
    "project.export",
    "notification.read",
    "token.manage",
}
OWNS = {"account.delete", "account.export", "account.transfer"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", EVERYBODY_DOES),
        ("member", EVERYBODY_DOES | WRITES),
        ("admin", EVERYBODY_DOES | WRITES | ADMINISTERS),
        ("owner", EVERYBODY_DOES | WRITES | ADMINISTERS | OWNS),
    ],
)
def test_each_role_has_the_permissions_of_the_contract(role, expected):
    assert {name for name in PERMISSIONS if name not in SAMPLES and may(Membership(role=role), name)} == expected


def test_unknown_permission_raises_an_error():
    with pytest.raises(KeyError, match=r"task\.wirte"):
        may(Membership(role=Role.OWNER), "task.wirte")


def test_allowed_permission_passes():
    require(Membership(role=Role.MEMBER), "task.write")


def test_missing_permission_raises():
    with pytest.raises(PermissionDenied, match="role"):
        require(Membership(role=Role.VIEWER), "task.write")
