"""Declarations of apps in their modules `extensions.py`."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts import permissions, quotas
from accounts.extensions import Kinds
from accounts.permissions import ADMINS, PERMISSIONS, Permission
from accounts.quotas import QUOTAS, Quota


def test_permission_declared_twice_is_rejected():
    before = dict(PERMISSIONS)
    with pytest.raises(ImproperlyConfigured, match=r"member\.manage"):
        permissions.declare({"member.manage": Permission(ADMINS, "manage members"), "new": Permission(ADMINS, "new")})
    assert before == PERMISSIONS


@pytest.mark.parametrize("name", ["projects", "rockets"])
def test_quota_that_is_declared_or_in_no_plan_is_rejected(name):
    before = dict(QUOTAS)
    with pytest.raises(ImproperlyConfigured, match=name):
        quotas.declare(Quota(name, label="", rows=list, message=""))
    assert before == QUOTAS


def test_registered_kind_is_found_by_its_name():
    kinds = Kinds()
    kind = SimpleNamespace(name="one")
    kinds.register(kind)
    assert "one" in kinds
    assert kinds["one"] is kinds.get("one") is kind
    assert kinds.get("two") is None
    assert list(kinds) == [kind]


def test_kind_registered_twice_is_rejected():
    kinds = Kinds()
    kinds.register(SimpleNamespace(name="one"))
    with pytest.raises(ImproperlyConfigured, match="one"):
        kinds.register(SimpleNamespace(name="one"))
