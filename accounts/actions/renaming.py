"""Former slugs of accounts. Their hosts redirect to the current host, and no other account gets them.

A former slug is a Domain row, `<slug>.<BASE_DOMAIN>`, which redirects like any other domain that is not primary.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Account, Domain

MOST_FORMER = 10  # of one account: slugs are shared by all accounts


def host_of(slug: str) -> str:
    """Return the host of an account with that slug."""
    return f"{slug}.{settings.BASE_DOMAIN}"


def keep_former_slug(account: Account, old_slug: str) -> None:
    """Keep `old_slug` for `account`, whose slug was just changed. Raises ValidationError."""
    refuse_former_slug(account)
    Domain.objects.filter(tenant=account, host=host_of(account.slug)).delete()  # the account has its former slug again
    if Domain.objects.filter(tenant=account, host__endswith=f".{settings.BASE_DOMAIN}").count() >= MOST_FORMER:
        message = _("This account has had %(most)d other addresses, which is the maximum.")
        raise ValidationError({"slug": message % {"most": MOST_FORMER}})
    Domain.objects.create(tenant=account, host=host_of(old_slug))


def refuse_former_slug(account: Account) -> None:
    """Raise ValidationError if the slug of `account` is a former one of another account.

    Call it after the row is written: before that, another account may be about to give that slug up.
    """
    if Domain.objects.filter(host=host_of(account.slug)).exclude(tenant=account).exists():
        raise ValidationError({"slug": _("Account with this Slug already exists.")})
