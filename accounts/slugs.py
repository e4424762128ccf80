"""Which host names accounts may have, and how one is made of a name."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

# Host names that the product needs for itself, or that would pass for it.
RESERVED_SLUGS = frozenset(
    [
        "www",
        "api",
        "admin",
        "static",
        "media",
        "mail",
        "smtp",
        "ftp",
        "auth",
        "login",
        "account",
        "accounts",
        "administrator",
        "app",
        "assets",
        "billing",
        "blog",
        "cdn",
        "dashboard",
        "demo-api",
        "docs",
        "help",
        "public",
        "platform",
        "root",
        "security",
        "signup",
        "sso",
        "status",
        "support",
        "system",
        "t",
        "test-api",
        "ws",
    ]
)

# Every word on the list and every slug is reduced by these before they are compared, in this order.
LOOK_ALIKES = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"))
LONGEST = 40  # characters of a slug that is made of a name, which leaves room for a number

# The code points that IDNA would have to encode do not fit the slug's own rule. What is left of them is their encoded
# form, `xn--…`, and every other "two letters and two hyphens", which are kept for the encodings of the future.
ENCODED = re.compile(r"..--")


def refuse_reserved_slug(value: str) -> None:
    """Raise ValidationError for a host name that no account may have, or that could be taken for one of those."""
    if _seen(value) in SEEN_AS_RESERVED or ENCODED.match(value):
        text = _("“%(slug)s” is reserved. Choose another.")
        raise ValidationError({"slug": ValidationError(text, params={"slug": value}, code="reserved")})


def slug_of(name: str) -> str:
    """Return a slug made of a name, "" if nothing in it can be written in a host name."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[-_]+", "-", slugify(text)).strip("-")[:LONGEST].strip("-")


def _seen(slug: str) -> str:
    """Return a slug as somebody sees it who only glances at the address."""
    seen = slug.replace("-", "")
    for written, read in LOOK_ALIKES:
        seen = seen.replace(written, read)
    return seen


SEEN_AS_RESERVED = frozenset(_seen(slug) for slug in RESERVED_SLUGS)
