"""A live web process, and a user with two accounts in it."""

import os
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.db import connection

from projects.actions.projects import create_project
from tenancy.context import tenant_context
from tenancy.models import get_tenant_model
from tenancy.testing import PASSWORD, join, make_user
from tests.isolation.live import web_process
from tests.pooler.pgbouncer import with_database


@pytest.fixture
def demo():
    """A member of two accounts who can log in to a web process, which has no fast hasher for tests."""
    user = make_user("demo")
    user.password = make_password(PASSWORD, hasher=PBKDF2PasswordHasher())
    user.save()
    return user


@pytest.fixture
def accounts(demo):
    """Two accounts with a project each, with unique slugs: the web process caches hosts longer than a test runs."""
    tenants = []
    for name in ("here", "there"):
        slug = f"{name}-{uuid4().hex[:8]}"
        tenants.append(tenant := get_tenant_model()._default_manager.create(slug=slug, name=name))
        member = join(demo, tenant, "member")
        with tenant_context(tenant):
            create_project(actor=member, name="Website")
    return tenants


@pytest.fixture(scope="module")
def base(django_db_setup, tmp_path_factory):
    """Host and port of the public site of a live web process."""
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with web_process(database, tmp_path_factory.mktemp("web") / "web.log", connections=4) as url:
        yield f"{settings.BASE_DOMAIN}:{url.rpartition(':')[2]}"
