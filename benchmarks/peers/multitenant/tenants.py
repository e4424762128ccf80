"""Creates tenants for `benchmarks.peers.filling`."""

from collections.abc import Sequence

from django.db import transaction
from django_multitenant.utils import set_current_tenant, unset_current_tenant

from benchmarks.peers.multitenant import models
from benchmarks.peers.rows import NewProject
from benchmarks.peers.shared.loading import create_owner, load_rows, session_of


@transaction.atomic
def create_tenant(slug: str) -> models.Account:
    account = models.Account.objects.create(slug=slug, name=slug)
    models.Membership.objects.create(account=account, user=create_owner(slug))
    return account


@transaction.atomic
def load(account: models.Account, projects: Sequence[NewProject]) -> None:
    set_current_tenant(account)
    load_rows(models, projects, account=account)
    unset_current_tenant()


def log_in(account: models.Account) -> str:
    return session_of(account.slug)
