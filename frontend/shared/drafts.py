"""Keys for text that was not sent and that a browser keeps (docs/web.md). Each member of an account has their own."""

import secrets
from base64 import b64encode, urlsafe_b64encode

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import Membership

BYTES = 32  # of a key, AES-256


def draft_keys(member: Membership) -> str:
    """Return what encrypts the drafts of `member`, then what did before SECRET_KEY was changed, as `<owner>.<key>`.

    Keys are masked anew each time, as CSRF tokens are: a secret that is the same on every page could be guessed from
    the lengths of compressed answers (BREACH).
    """
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return " ".join(f"{_owner(member, key)}.{_masked(_derive(member, 'key', key))}" for key in keys)


def _owner(member: Membership, secret: str) -> str:
    return urlsafe_b64encode(_derive(member, "owner", secret)[:15]).decode()


def _derive(member: Membership, purpose: str, secret: str) -> bytes:
    """Return 32 bytes that only the server can make. A membership is of one user in one account."""
    value = f"{member.account_id}:{member.pk}"
    return salted_hmac(f"frontend.shared.drafts.{purpose}", value, secret=secret, algorithm="sha256").digest()


def _masked(key: bytes) -> str:
    mask = secrets.token_bytes(BYTES)
    return b64encode(mask + bytes(one ^ other for one, other in zip(key, mask, strict=True))).decode()
