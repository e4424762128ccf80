"""Sign-up: a user, an account that they own, and the email that asks them to confirm the address.

A client cannot find out whether an address is known. For a known address an account without members is created:
otherwise the slug would stay free, which a second request would show. The known user is notified by email; their
password, log-ins and accounts do not change.
"""

import secrets
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.accounts import give_account, save_new_account
from accounts.actions.expiry import is_unconfirmed
from accounts.actions.renaming import host_of
from accounts.emails.user_emails import enqueue_user_email
from accounts.models import Account, Domain, User
from accounts.slugs import LONGEST, slug_of
from tenancy.context import tenant_context
from tenancy.routing import forget_tenant

RESERVED = timedelta(hours=1)  # a slug, for a sign-up that is not confirmed yet
ATTEMPTS = 5
MOST_NUMBERED = 100  # accounts whose names make the same slug


def sign_up(*, email: str, password: str, account_name: str, slug: str = "") -> User | None:
    """Create a user and their account. Return the user, or None for a known address.

    An empty `slug` is made from the name. Raises ValidationError with messages by field: `email`, `password1`,
    `account_name`, `slug`.
    """
    values = email.lower(), password, account_name.strip(), slug
    for _attempt in range(ATTEMPTS - 1):
        # A concurrent sign-up may have taken the address or the slug. The next attempt finds its rows.
        with suppress(IntegrityError):
            return _sign_up(*values)
    return _sign_up(*values)


@transaction.atomic
def _sign_up(email: str, password: str, account_name: str, slug: str) -> User | None:
    _free_reserved(slug or slug_of(account_name))
    account = _account(account_name, slug)
    _validate(email, password)
    known = User.objects.filter(email=email).first()
    save_new_account(account)
    # For a known address a placeholder is created and rolled back, so that both cases cost the same.
    before = transaction.savepoint_create()
    user = User.objects.create_user(f"{uuid4()}@placeholder.invalid" if known else email, password)
    give_account(account, user)
    (transaction.savepoint_rollback if known else transaction.savepoint_commit)(before)
    with tenant_context(account):
        enqueue_user_email("sign_up_again" if known else "sign_up", user_id=(known or user).pk)
    return None if known else user


def confirm_by_mail(user: User) -> None:
    """Mark the address of a user as confirmed who has followed a link that was sent to it."""
    EmailAddress.objects.filter(email=user.email, verified=False).exclude(user_id=user.pk).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def _free_reserved(slug: str) -> None:
    """Take a slug away from an account whose sign-up was not confirmed within an hour.

    Otherwise slugs could be reserved without showing an address. A user who confirms later finds the account under
    another slug, which they can change.
    """
    old = Account.objects.filter(slug=slug, created_at__lt=timezone.now() - RESERVED)
    holder = old.select_for_update(no_key=True).first()
    if holder is None:
        return
    with tenant_context(holder):
        if not is_unconfirmed():
            return
    holder.slug = f"{slug[:LONGEST].strip('-')}-{secrets.token_hex(4)}"
    holder.save(update_fields=["slug"])
    forget_tenant(holder, slugs=(slug,))


def _account(name: str, slug: str) -> Account:
    account = Account(name=name, slug=slug or _free_slug(name))
    try:
        account.full_clean(validate_unique=bool(slug))  # a slug made from the name gets another number instead
    except ValidationError as error:
        fields = {"name": "account_name"}  # what the form calls them
        raise ValidationError({fields.get(key, key): texts for key, texts in error.message_dict.items()}) from error
    return account


def _free_slug(name: str) -> str:
    base = slug_of(name)
    numbered = [base, *(f"{base}-{number}" for number in range(2, MOST_NUMBERED))]
    taken = set(Account.objects.filter(slug__in=numbered).values_list("slug", flat=True))
    former = Domain.objects.filter(host__in=map(host_of, numbered)).values_list("host", flat=True)
    free = [each for each in numbered if each not in taken and host_of(each) not in former]
    if not base or not free:
        raise ValidationError({"slug": _("No address can be derived from this name. Choose one.")})
    return free[0]


def _validate(email: str, password: str) -> None:
    user = User(email=email)
    user.clean_fields(exclude={field.name for field in User._meta.fields} - {"email"})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password1": error.messages}) from error
