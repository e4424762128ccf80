"""Secrets that are published with docker-compose.yml, for a trial on one machine."""

from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# The defaults of docker-compose.yml; a test compares them.
PUBLISHED = frozenset(
    {
        "no-secret-so-for-a-trial-on-one-machine-only",
        *("app", "owner", "operator", "postgres"),
        *("cache", "jobs"),
        "no-secret-of-s3",
    }
)
VARIABLES = (
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "JWT_SIGNING_KEY", "S3_SECRET_KEY", "REDIS_URL", "BROKER_URL"),
    *("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL"),
)


def refuse_published(name: str, secret: str | list[str]) -> None:
    """Raise ImproperlyConfigured for a variable whose value, or whose password where it is a URL, is published."""
    for value in [secret] if isinstance(secret, str) else secret:
        password = unquote(urlsplit(value).password or "") if "://" in value else value
        if password in PUBLISHED:
            raise ImproperlyConfigured(
                f"{name} has a value that is published with docker-compose.yml. Set a secret of your own before "
                "others can reach this: BASE_DOMAIN is not localhost, or PUBLIC_URL is https."
            )
