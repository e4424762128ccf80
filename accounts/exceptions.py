"""Exceptions of actions, beside PermissionDenied and ValidationError of Django. `config.errors` answers them."""


class Conflicting(Exception):
    """Nothing was changed, since it cannot be done to what is there: answered with 409 `conflict` and this text."""


class Gone(Exception):
    """The object was deleted, or the member does not see it: answered with 404 `not_found` for both."""


class TooManyAttempts(Exception):
    """A limit was reached; nothing was changed. `seconds` says when to try again: answered with 429 `throttled`."""

    def __init__(self, seconds: int, text: str = "") -> None:
        super().__init__(text)
        self.seconds = seconds


class WrongPassword(Exception):
    """The credentials are wrong: answered with 401 `invalid_credentials`."""
