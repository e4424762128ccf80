"""Creates tenants for `benchmarks.peers.filling`."""

from collections.abc import Sequence

from django.db import transaction
from django_tenants.utils import tenant_context

from benchmarks.peers.rows import NewProject
from benchmarks.peers.schemas import models
from benchmarks.peers.schemas.customers.models import Account, Domain
from benchmarks.peers.shared.loading import create_owner, load_rows, session_of


def create_tenant(slug: str) -> Account:
    account = Account(schema_name=slug, name=slug)
    account.save(verbosity=0)  # creates the schema and migrates it
    Domain.objects.create(domain=f"{slug}.localhost", tenant=account, is_primary=True)
    owner = create_owner(slug)
    with tenant_context(account):
        models.Membership.objects.create(user=owner)
    return account


@transaction.atomic
def load(account: Account, projects: Sequence[NewProject]) -> None:
    with tenant_context(account):
        load_rows(models, projects)


def log_in(account: Account) -> str:
    return session_of(account.schema_name)
