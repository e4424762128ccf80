"""Which host names no account may have."""

from django.core.exceptions import ValidationError
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
        "root",
        "status",
        "support",
        "t",
        "test-api",
        "ws",
    ]
)


def refuse_reserved_slug(value: str) -> None:
    """Raise ValidationError for a host name that no account may have."""
    if value in RESERVED_SLUGS or value.startswith("xn--"):
        message = _("“%(slug)s” is reserved. Choose another.")
        raise ValidationError({"slug": ValidationError(message, params={"slug": value}, code="reserved")})
