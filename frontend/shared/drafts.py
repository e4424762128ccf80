"""Encryption keys for drafts, which browsers store (docs/web.md). Each member of an account has other keys."""

import secrets
from base64 import b64encode, urlsafe_b64encode

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import Membership

BYTES = 32  # of a key, AES-256


def draft_keys(member: Membership) -> str:
    """Return the keys of the drafts of `member` as `<owner>.<key>`: the present one, then those of old SECRET_KEYs.

    Keys get a new mask in each response, as CSRF tokens are. Otherwise the lengths of compressed responses could
    disclose a secret that is the same on every page (BREACH).
    """
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return " ".join(f"{_owner(member, key)}.{_masked(_derive(member, 'key', key))}" for key in keys)


def _owner(member: Membership, secret: str) -> str:
    return urlsafe_b64encode(_derive(member, "owner", secret)[:15]).decode()


def _derive(member: Membership, purpose: str, secret: str) -> bytes:
    """Return 32 bytes that only the server can derive. A membership is one user in one account."""
    value = f"{member.account_id}:{member.pk}"
    return salted_hmac(f"frontend.shared.drafts.{purpose}", value, secret=secret, algorithm="sha256").digest()


def _masked(key: bytes) -> str:
    mask = secrets.token_bytes(BYTES)
    return b64encode(mask + bytes(one ^ other for one, other in zip(key, mask, strict=True))).decode()
