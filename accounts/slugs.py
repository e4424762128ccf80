"""The rules of slugs, and slugs made from names."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

# Host names that the product uses or may use, or that look official.
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

# Reserved words and slugs are compared after these replacements, in this order.
LOOK_ALIKES = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"))
LONGEST = 40  # characters of a slug made from a name; a number may follow

# The code points that IDNA would have to encode do not fit the slug's own rule. What is left of them is their encoded
# form, `xn--…`, and every other "two letters and two hyphens", which are kept for the encodings of the future.
ENCODED = re.compile(r"..--")


def refuse_reserved_slug(value: str) -> None:
    """Raise ValidationError for a reserved slug, or one that looks like a reserved slug."""
    if _seen(value) in SEEN_AS_RESERVED or ENCODED.match(value):
        text = _("“%(slug)s” is reserved. Choose another.")
        raise ValidationError({"slug": ValidationError(text, params={"slug": value}, code="reserved")})


def slug_of(name: str) -> str:
    """Return a slug made from a name, or "" if the name contains no usable characters."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[-_]+", "-", slugify(text)).strip("-")[:LONGEST].strip("-")


def _seen(slug: str) -> str:
    """Return a slug with similar characters unified, as a reader may confuse it."""
    seen = slug.replace("-", "")
    for written, read in LOOK_ALIKES:
        seen = seen.replace(written, read)
    return seen


SEEN_AS_RESERVED = frozenset(_seen(slug) for slug in RESERVED_SLUGS)
