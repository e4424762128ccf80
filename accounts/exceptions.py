"""Exceptions of actions, beside PermissionDenied and ValidationError of Django. `config.errors` answers them."""

from django.core.exceptions import ValidationError


class Conflicting(Exception):
    """The state of the object does not allow the action; nothing was changed: 409 `conflict` with this text."""


class Gone(Exception):
    """The object was deleted, or the member does not see it: answered with 404 `not_found` for both."""


class TooManyAttempts(Exception):
    """A limit was reached; nothing was changed. `seconds` says when to try again: answered with 429 `throttled`."""

    def __init__(self, seconds: int, text: str = "") -> None:
        super().__init__(text)
        self.seconds = seconds


class WrongPassword(Exception):
    """The credentials are wrong: answered with 401 `invalid_credentials`."""


class NotAMember(Exception):
    """The user of the credentials is not a member of the active account: answered with 403 `not_a_member`."""


class TenantMismatch(Exception):
    """The credentials belong to another account than the active one: answered with 403 `tenant_mismatch`."""


class QuotaExceeded(ValidationError):
    """The plan does not include one more: 402 `quota_exceeded`. Forms show it like other refusals."""


class FileTooLarge(Exception):
    """The plan does not include files of that size: 413 `too_large`, with this text."""
