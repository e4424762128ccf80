"""Former slugs of accounts: their hosts lead to where the account is now, and nobody else gets them.

A former slug is a Domain row, `<slug>.<BASE_DOMAIN>`, which redirects like any other that is not the primary one.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Account, Domain

MOST_FORMER = 10  # of one account: names are for everybody


def host_of(slug: str) -> str:
    """Return the host of an account with that slug."""
    return f"{slug}.{settings.BASE_DOMAIN}"


def keep_former_slug(account: Account, old_slug: str) -> None:
    """Keep `old_slug` for `account`, which has just been given another one. Raises ValidationError."""
    refuse_former_slug(account)
    Domain.objects.filter(tenant=account, host=host_of(account.slug)).delete()  # it is back where it was
    if Domain.objects.filter(tenant=account, host__endswith=f".{settings.BASE_DOMAIN}").count() >= MOST_FORMER:
        message = _("This account has had %(most)d other addresses, which is as many as are kept for it.")
        raise ValidationError({"slug": message % {"most": MOST_FORMER}})
    Domain.objects.create(tenant=account, host=host_of(old_slug))


def refuse_former_slug(account: Account) -> None:
    """Raise ValidationError if the slug of `account` was that of another one.

    Called after the row is written: until then somebody else may still be about to give that slug up.
    """
    if Domain.objects.filter(host=host_of(account.slug)).exclude(tenant=account).exists():
        raise ValidationError({"slug": _("Account with this Slug already exists.")})
