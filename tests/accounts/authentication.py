"""Helpers of tests of log-in and sign-up: requests, mails, and codes of authenticator apps."""

import re

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from celery import current_app

from tenancy.testing import PASSWORD
from tests.accounts.invitations import post as carry_out

NEW = {"email": "nina@example.com", "password1": "a long sentence of hers", "account_name": "Initech", "slug": ""}
LOG_IN, SIGN_UP, TOKEN = "/auth/login/", "/auth/signup/", "/api/v1/auth/token/"


class Post:
    """Calls a function and collects the mails that it causes: `post(client.post, "/auth/signup/", NEW)`."""

    def __init__(self, capture):
        self.capture = capture
        self.mails = []

    def __call__(self, act, *args, **kwargs):
        """Return what `act` returns; its mails are in `mails`, as the worker sends them."""
        current_app.conf.task_always_eager = True
        try:
            with self.capture(execute=True):
                answer = act(*args, **kwargs)
        finally:
            current_app.conf.task_always_eager = False
        self.mails = carry_out()  # carry_out() also returns and clears the mails of mail.outbox
        return answer

    @property
    def only(self):
        (message,) = self.mails
        return message

    def link(self):
        """Return host and path of the first link in the only mail."""
        return re.search(r"^http://([^/\s]+)(/\S*)$", self.only.body, re.MULTILINE).groups()


def log_in(client, user, password=PASSWORD, **fields):
    return client.post(LOG_IN, {"login": user.email, "password": password, **fields})


def is_in(client, path="/auth/"):
    """Return whether a client is logged in on its host."""
    return client.get(path).status_code == 200


def _step():
    """Return the current period of 30 seconds by the clock of authenticator apps, which tests stop."""
    return int(auth.time.time()) // 30


def code_of(user, steps=0):
    """Return the code that the app of a user shows now, or `steps` periods of 30 seconds later."""
    secret = decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])
    return format_hotp_value(hotp_value(secret, _step() + steps))


def give_app(client, user, steps=0):
    """Activate an authenticator app for a logged-in user, as in a browser, with the code of a step."""
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    shown = client.get("/auth/2fa/app/activate/")
    secret = shown.context["form"].secret
    code = format_hotp_value(hotp_value(secret, _step() + steps))
    answer = client.post("/auth/2fa/app/activate/", {"code": code})
    assert (answer.status_code, answer["Location"]) == (302, "/auth/2fa/recovery-codes/"), answer.content
    return code
