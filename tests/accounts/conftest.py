"""Tokens as clients get them."""

import pytest
from django.utils import timezone

from tenancy import routing
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, TenantClient, membership_of
from tests.accounts.authentication import Post


@pytest.fixture
def log_in():
    """Return the tokens of a person in an account: `log_in(bob, acme)["refresh"]`."""

    def log_in(user, tenant):
        credentials = {"email": user.email, "password": PASSWORD}
        return TenantClient(tenant).json("POST", "/api/v1/auth/token/", credentials).json()

    return log_in


@pytest.fixture
def personal():
    """Return a new personal token of a user in an account, as it was shown: `personal(bob, acme)["token"]`."""

    def personal(user, tenant, **fields):
        client = TenantClient(tenant).as_(user)
        return client.json("POST", "/api/v1/tokens/", {"name": "Deploy script", **fields}).json()

    return personal


@pytest.fixture
def end_membership():
    """End the membership of a user in an account: `end_membership(bob, acme)`."""

    def end_membership(user, tenant):
        with tenant_context(tenant):
            membership = membership_of(user, tenant)
            membership.ended_at = membership.joined_at
            membership.save()

    return end_membership


@pytest.fixture
def suspend(django_capture_on_commit_callbacks):
    """Suspend an account: `suspend(acme)`."""

    def suspend(tenant):
        with django_capture_on_commit_callbacks(execute=True):
            tenant.suspended_at = timezone.now()
            tenant.save()
            routing.forget_tenant(tenant)

    return suspend


@pytest.fixture
def header_resolver(resolvers):
    """Enable the header `X-Tenant`."""
    resolvers("HostResolver", "TokenResolver", "HeaderResolver")


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    """Call a function and collect its mails: `post(client.post, "/auth/signup/", NEW)`, `post.mails`."""
    return Post(django_capture_on_commit_callbacks)
