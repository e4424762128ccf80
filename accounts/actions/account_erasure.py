"""Account erasure: every row, file, session and cached value of an account, and its slug at the end.

Each step can be repeated and does nothing where it was done before, so an interrupted erasure starts again from the
beginning. The row of the account is deleted last, in a separate transaction: its absence shows that all is done.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, router, transaction
from django.utils import timezone

from accounts.actions.account_deletion import is_due
from accounts.models import Account, Session
from accounts.session_store import SessionStore
from tenancy import places
from tenancy.cache import clear_tenant
from tenancy.context import tenant_context
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantModel, is_tenant_owned
from tenancy.planes import is_placed
from tenancy.routing import forget_tenant
from tenancy.sessions import KEY

logger = structlog.get_logger("accounts.actions.account_erasure")

PAGE = 1000  # sessions that are read at once
ATTEMPTS = 3


@transaction.atomic
def begin_to_erase(account: Account) -> Account:
    """Make the erasure of an account due now, and return the account. The deletion cannot be cancelled any more."""
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if not is_due(account):
        account.suspended_at = account.deleting_since = timezone.now() - Account.DELETION_GRACE
        account.save(update_fields=["suspended_at", "deleting_since"])
        forget_tenant(account)
    return account


def erase_due_accounts() -> int:
    """Erase the accounts whose grace period is over, and return how many.

    An account that cannot be erased now does not delay the others. Raises the first error at the end.
    """
    erased, errors = 0, []
    for account in Account.objects.filter(deleting_since__lte=timezone.now() - Account.DELETION_GRACE).order_by(
        "deleting_since"
    ):
        try:
            erased += erase_account(account)
        except Exception as error:
            logger.exception("not_erased", account=account.slug)
            errors.append(error)
    if errors:
        raise errors[0]
    return erased


def erase_account(account: Account) -> bool:
    """Erase an account whose grace period is over; return whether this call did it. Raises StorageUnavailable.

    A request that began before the suspension may still add a row of the control plane, so the deletion is repeated.
    It can add no content when the anchor is gone.
    """
    if not is_due(account):
        raise ValueError(f"{account.slug} is not to be erased.")
    for attempt in range(ATTEMPTS):
        with tenant_context(account):
            _erase_content()
            _delete_rows(placed=False)
            default_storage.delete_all()  # type: ignore[attr-defined]  # ours
        _erase_sessions(account)
        clear_tenant(account)
        try:
            return _erase_account_row(account)
        except IntegrityError:
            logger.warning("erasing_again", account=account.slug, attempt=attempt)
    raise IntegrityError(f"Rows are still added to {account.slug}: it is not erased.")


def _erase_content() -> None:
    """Delete the content of the active account and its anchor, with which PostgreSQL deletes later rows."""
    _delete_rows(placed=True)
    places.anchor()._raw_delete(places.alias())


def _delete_rows(*, placed: bool) -> None:
    """Delete the tenant-owned rows of one plane, with a statement for each table."""
    for model in _children_first():
        if is_placed(model) == placed:
            model._default_manager.all()._raw_delete(router.db_for_write(model))


def _erase_account_row(account: Account) -> bool:
    """Delete the row of the account with the shared rows that belong to it, which frees its slug."""
    with transaction.atomic():
        row = Account.objects.select_for_update().filter(pk=account.pk, deleting_since=account.deleting_since).first()
        if row is None:
            return False
        forget_tenant(row)
        for model in _shared():
            model._default_manager.filter(tenant_id=row.pk).delete()
        Account.objects.filter(pk=row.pk)._raw_delete(router.db_for_write(Account))
    logger.warning("account_erased", account=account.slug, account_id=str(account.pk))
    return True


def _children_first() -> Iterator[type[TenantModel]]:
    """Yield the tenant-owned models, each before its referenced models, except those that the database cascades."""
    seen: set[type[models.Model]] = set()
    order: list[type[TenantModel]] = []

    def visit(model: Any) -> None:
        if model in seen:
            return
        seen.add(model)
        for field in model._meta.local_fields:
            if isinstance(field, TenantForeignKey):
                visit(field.remote_field.model)
        order.append(model)

    for each in apps.get_models():
        if is_tenant_owned(each):
            visit(each)
    yield from (model for model in reversed(order) if not model.erased_with_tenant)


def _shared() -> Iterator[type[models.Model]]:
    """Yield the shared models whose rows name a tenant."""
    for model in apps.get_models():
        if not is_tenant_owned(model) and any(field.attname == "tenant_id" for field in model._meta.concrete_fields):
            yield model


def _erase_sessions(account: Account) -> None:
    """Delete the sessions of the account. The account of a session is stored in its encoded data."""
    last = ""
    while page := list(Session.objects.filter(session_key__gt=last).order_by("session_key")[:PAGE]):
        last = page[-1].session_key
        own = [row.session_key for row in page if SessionStore().decode(row.session_data).get(KEY) == str(account.pk)]
        Session.objects.filter(session_key__in=own).delete()
