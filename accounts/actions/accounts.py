"""Creating and changing accounts, and the profiles of their members."""

from dataclasses import dataclass
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.actions.authorization import authorize
from accounts.actions.locks import lock_person, lock_person_with
from accounts.actions.renaming import keep_former_slug, refuse_former_slug
from accounts.audit import record_audit
from accounts.models import Account, Membership, Role, User
from accounts.validation import assign, validate_fields
from tenancy.context import tenant_context
from tenancy.routing import forget_tenant


@dataclass(frozen=True)
class NewAccount:
    account: Account
    owner: User
    owner_is_new: bool  # and has no usable password yet


class AccountFields(TypedDict, total=False):
    """The fields of an account that admins may change."""

    name: str
    slug: str
    time_zone: str
    accent_hue: int | None
    variant: str
    media_access: str


class ProfileFields(TypedDict, total=False):
    """The profile fields that users may change, in all their accounts."""

    name: str
    time_zone: str | None


class MailChoices(TypedDict, total=False):
    """The emails that a member receives from an account."""

    mail_notifications: bool
    mail_digest: bool


@transaction.atomic
def create_account(*, slug: str, name: str, owner_email: str) -> NewAccount:
    """Create an account with its owner. A user is created if none has that e-mail address.

    Raises ValidationError with messages by field: `slug`, `name`, `owner`.
    """
    account = Account(slug=slug, name=name)
    account.full_clean()
    owner, owner_is_new = _find_or_create(owner_email)
    open_account(account, owner)
    return NewAccount(account, owner, owner_is_new)


def save_new_account(account: Account) -> None:
    """Save a validated account. Raises IntegrityError for a slug that is taken, ValidationError for a former one."""
    account.save(force_insert=True)
    refuse_former_slug(account)


def open_account(account: Account, owner: User) -> Membership:
    """Save a new, validated account and make `owner` its owner, in the caller's transaction.

    Raises ValidationError if the slug was that of another account. Every account starts with the default plan and at
    its subdomain of BASE_DOMAIN, which needs no row.
    """
    save_new_account(account)
    return give_account(account, owner)


def give_account(account: Account, owner: User) -> Membership:
    """Make `owner` the first member of a new account, in the caller's transaction."""
    with tenant_context(account):
        member = Membership.objects.create(user=owner, role=Role.OWNER)
        member.user = owner
        data = {"slug": account.slug, "name": account.name, "email": owner.email}
        record_audit(action="account.created", actor=member, subject=account, data=data)
        return member


def _find_or_create(email: str) -> tuple[User, bool]:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"owner": error.messages}) from error
    existing = lock_person_with(email.lower())  # a user who deletes themselves meanwhile must not own an account
    return (existing, False) if existing else (User.objects.create_user(email), True)


@transaction.atomic
def update_account(*, account: Account, actor: Membership, **fields: Unpack[AccountFields]) -> Account:
    """Change the name, slug, time zone, appearance or file downloads of an account.

    With another slug the account has another host. The old host redirects to the new one and stays reserved for this
    account. Raises PermissionDenied, ValidationError.
    """
    return _update(account, actor, fields)


@transaction.atomic
def rename_account(*, account: Account, slug: str) -> Account:
    """Give an account another slug, as an operator, as `update_account()` does. Raises ValidationError."""
    with tenant_context(account):
        return _update(account, None, {"slug": slug})


def _update(account: Account, actor: Membership | None, fields: AccountFields) -> Account:
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if actor is not None:
        authorize(actor, "account.update")
    old_slug = account.slug
    old = {name: getattr(account, name) for name in fields}
    changes = {name: [old[name], getattr(account, name)] for name in assign(account, fields)}
    validate_fields(account, fields)
    account.save(update_fields=list(fields))
    if account.slug != old_slug:
        keep_former_slug(account, old_slug)
    if changes:
        record_audit(action="account.updated", actor=actor, subject=account, data=changes)
    forget_tenant(account, slugs=(old_slug,))
    return account


@transaction.atomic
def update_profile(*, actor: Membership, **fields: Unpack[ProfileFields]) -> User:
    """Change the name or the time zone of the user of `actor`, in all their accounts.

    Raises ValidationError, PersonGone.
    """
    lock_person(actor.user)
    authorize(actor, "profile.update")
    return _update_user(actor.user, fields)


@transaction.atomic
def choose_time_zone(*, user: User, time_zone: str | None) -> User:
    """Choose the time zone in which a user sees all their accounts, None for that of each account.

    Also on the public site, where no membership acts. Raises ValidationError, PersonGone.
    """
    return _update_user(lock_person(user), {"time_zone": time_zone})


def _update_user(user: User, fields: ProfileFields) -> User:
    for name, value in fields.items():
        setattr(user, name, value)
    validate_fields(user, fields)
    user.save(update_fields=list(fields))
    return user


@transaction.atomic
def choose_mails(*, actor: Membership, **choices: Unpack[MailChoices]) -> Membership:
    """Change which mails `actor` gets from this account. Raises PermissionDenied."""
    authorize(actor, "profile.update", changes_member=True)
    for name, value in choices.items():
        setattr(actor, name, value)
    actor.save(update_fields=list(choices))
    return actor
