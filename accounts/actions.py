"""What happens to accounts and the people in them."""

from dataclasses import dataclass
from typing import TypedDict, Unpack

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Account, Membership, Role, User
from accounts.permissions import require
from accounts.validation import validate_fields
from tenancy.context import tenant_context
from tenancy.routing import forget_tenant


@dataclass(frozen=True)
class NewAccount:
    account: Account
    owner: User
    owner_is_new: bool  # and has no usable password yet


class AccountFields(TypedDict, total=False):
    """What admins may change of an account."""

    name: str
    time_zone: str
    media_access: str


class MailChoices(TypedDict, total=False):
    """Which mails a person gets from an account."""

    mail_notifications: bool
    mail_digest: bool


@transaction.atomic
def create_account(*, slug: str, name: str, owner_email: str) -> NewAccount:
    """Create an account with its owner, who is created too if nobody has that e-mail address.

    Raises ValidationError with messages by field: `slug`, `name`, `owner`.
    """
    account = Account(slug=slug, name=name)
    account.full_clean()
    owner, owner_is_new = _find_or_create(owner_email)
    account.save()
    with tenant_context(account):
        Membership.objects.create(user=owner, role=Role.OWNER)
    return NewAccount(account, owner, owner_is_new)


def _find_or_create(email: str) -> tuple[User, bool]:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"owner": error.messages}) from error
    users = get_user_model().objects
    existing = users.filter(email=email.lower()).first()
    return (existing, False) if existing else (users.create_user(email), True)


@transaction.atomic
def update_account(*, account: Account, actor: Membership, **fields: Unpack[AccountFields]) -> Account:
    """Change the account's name, time zone, or how files leave it. Raises PermissionDenied, ValidationError."""
    require(actor, "account.update")
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    changes = {
        name: [getattr(account, name), value] for name, value in fields.items() if getattr(account, name) != value
    }
    for name, value in fields.items():
        setattr(account, name, value)
    validate_fields(account, fields)
    account.save(update_fields=list(fields))
    if changes:
        record_audit(action="account.updated", actor=actor, subject=account, data=changes)
    forget_tenant(account)
    return account


def update_profile(*, actor: Membership, name: str) -> User:
    """Change the name of the person behind `actor`, which all their accounts show. Raises ValidationError."""
    require(actor, "profile.update")
    user = actor.user
    user.name = name
    validate_fields(user, {"name"})
    user.save(update_fields=["name"])
    return user


def choose_mails(*, actor: Membership, **choices: Unpack[MailChoices]) -> Membership:
    """Change which mails `actor` gets from this account. Raises PermissionDenied."""
    require(actor, "profile.update")
    for name, value in choices.items():
        setattr(actor, name, value)
    actor.save(update_fields=list(choices))
    return actor
