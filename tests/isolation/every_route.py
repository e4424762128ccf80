"""Fixtures for the tests of all routes: an account in which each request can change rows, and the rows of it."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import ForeignKey
from django.utils import timezone

from accounts.files.names import avatar_file, logo_file
from accounts.models import Account, Invitation, Membership
from projects import ranks
from projects.models import Project, ProjectMember, Status
from tasks.models import Attachment, Comment, Subtask, Task
from tenancy.context import tenant_context
from tenancy.models import AbstractTenant, is_tenant_owned
from tenancy.storage import storage
from tenancy.testing import TenantClient, canary, membership_of
from tests.isolation.routes import Route, routes
from tests.isolation.visits import log_in

VARIANTS = settings.TENANCY["VARIANTS"]


@dataclass(frozen=True)
class Site:
    """How an account is reached: the pages of its variant, at its host or below a prefix of the public one."""

    tenant: AbstractTenant
    urlconf: str
    prefix: str = ""

    def client(self, user=None, authorization=""):
        """Return a client of a user, or an anonymous one. It answers 500 as a browser would see it."""
        headers = {"HTTP_HOST": settings.BASE_DOMAIN} if self.prefix else {}
        if authorization:
            headers["HTTP_AUTHORIZATION"] = authorization
        client = TenantClient(self.tenant, **headers)
        client.raise_request_exception = False
        if user:
            log_in(client, user)
        return client

    def routes(self) -> list[Route]:
        """Return the routes but the one that answers 404 to all other paths."""
        return [route for route in routes(self.urlconf) if route.name.rpartition(":")[2]]


# One with host routing and the others with path routing, whose URLconfs have the routes of the first.
SITES = [f"{variant} at {'a path' if place else 'its host'}" for place, variant in enumerate(VARIANTS)]


@pytest.fixture(params=SITES)
def site(request, acme, resolvers, settings):
    """The account with each variant, at its host or at a path."""
    settings.ACCOUNT_RATE_LIMITS = settings.API_RATE_LIMITS = False  # 429 is not what these tests are about
    variant, _, is_path = request.param.partition(" at ")
    type(acme).objects.filter(pk=acme.pk).update(variant=variant)
    acme.variant = variant
    prefix = ""
    if is_path == "a path":
        resolvers("PathResolver", "HostResolver")
        prefix = f"/t/{acme.slug}"
    return Site(acme, VARIANTS[variant]["URLCONF"], prefix)


@pytest.fixture
def full(acme, bob, vera, ours):
    """The world of `ours`, with bob as the other member and the rows that requests need to change something.

    Each member has a picture.
    """
    low, high = ranks.spread(2)
    text = f"- [ ] {canary(acme)}"  # a task list
    with tenant_context(acme):
        Membership.objects.update(avatar=ours.membership.avatar)
        other = membership_of(bob, acme)
        pictures = [logo_file(other.avatar), avatar_file(other.avatar)]
        for name in (*pictures, ours.attachment.file, ours.attachment.incoming):
            storage.save(name, ContentFile(b"a file"))
        ProjectMember.objects.create(project=ours.project, member=other)
        Status.objects.update(rank=low)
        status = {"project": ours.project, "name": canary(acme, room=50), "category": "done"}
        Task.objects.update(description=text, rank=low)
        Subtask.objects.update(rank=low)
        Subtask.objects.create(task=ours.task, title=canary(acme), rank=high)
        Comment.objects.update(body=text)
        Invitation.objects.update(asked_at=timezone.now() - timedelta(days=1))
        status = Status.objects.create(**status, rank=high)
        return replace(ours, membership=other, status=status, task=Task.objects.get())


def give_to(member):
    """Make a member the author, the assignee, the uploader … of everything, and the member of no project."""
    for model in apps.get_models():
        for field in model._meta.local_fields if is_tenant_owned(model) and not model.append_only else ():
            if isinstance(field, ForeignKey) and field.related_model is Membership and model is not ProjectMember:
                model._default_manager.update(**{field.name: member})


def as_made():
    """Change nothing."""


def finished():
    """Complete, archive and empty the rows, for the requests that reopen, restore and delete them."""
    now = timezone.now()
    Task.objects.update(completed_at=now, archived_at=now)
    Project.objects.update(archived_at=now)
    Attachment.objects.update(state="pending")
    owners = Membership.objects.filter(role="owner").values_list("pk", flat=True)
    ProjectMember.objects.exclude(member__in=list(owners)).delete()
    Membership.objects.filter(role="member").update(role="owner")


def rows(tenant):
    """Return a digest of the rows of each table of a tenant, and of the tenant itself."""
    tables = {model._meta.db_table for model in apps.get_models() if is_tenant_owned(model)}
    select = "SELECT '{0}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {0} t"
    with tenant_context(tenant), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(select.format(table) for table in sorted(tables)))
        found = dict(cursor.fetchall())
    return found | {"accounts_account": repr(Account.objects.filter(pk=tenant.pk).values_list().get())}


def changed(before, after):
    """Return the names of the tables that differ."""
    return sorted(name for name in after if after[name] != before[name])


def text_of(response):
    """Return the headers and the body of a response."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.headers}\n{body.decode(errors='replace')}"
