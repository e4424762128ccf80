"""A password change and "log out everywhere" also end log-ins that have begun."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.utils import timezone

from accounts.actions import acceptance, tokens
from accounts.exceptions import Gone
from accounts.models import RefreshFamily, User
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD
from tests.accounts.authentication import TOKEN, code_of, give_app, is_in, log_in
from tests.accounts.invitations import invite
from tests.accounts.test_login_settings import change_password, end_others

pytestmark = pytest.mark.django_db
CODE, PROJECTS = "/auth/2fa/authenticate/", "/api/v1/projects/"


def change(user):
    """Change the password, as another request does."""
    now = User.objects.get(pk=user.pk)
    now.set_password("another long sentence")
    now.save(update_fields=["password"])


def end_all(user):
    User.objects.filter(pk=user.pk).update(log_ins_from=timezone.now() + timedelta(seconds=1))


BOTH = pytest.mark.parametrize("ends", [change, end_all])


@pytest.mark.parametrize("ends", [change_password, end_others])
@pytest.mark.parametrize("at_account", [True, False])
def test_log_in_waiting_for_its_code_ends_with_the_password(client, acme, bob, ends, at_account):
    owner = client.as_(bob)
    give_app(owner, bob)
    cache.clear()
    browser = client.at(acme if at_account else None)
    assert log_in(browser, bob)["Location"] == CODE
    ends(owner)
    answer = browser.post(CODE, {"code": code_of(bob)})
    assert (answer.status_code, answer["Location"]) == (302, "/auth/login/")
    assert "_auth_user_id" not in browser.session
    assert not is_in(browser)
    assert browser.get(CODE)["Location"] == "/auth/login/"  # it begins with the password again
    assert is_in(owner)


def test_log_in_started_after_the_password_change_succeeds(client, acme, bob):
    owner = client.as_(bob)
    give_app(owner, bob)
    cache.clear()
    browser = client.at(acme)
    log_in(browser, bob)
    change_password(owner)
    assert browser.post(CODE, {"code": code_of(bob)})["Location"] == "/auth/login/"
    assert log_in(browser, bob, password="another long sentence")["Location"] == CODE
    code = Authenticator.objects.get(user=bob, type="recovery_codes").wrap().get_unused_codes()[0]
    assert browser.post(CODE, {"code": code})["Location"] == "/"
    assert is_in(browser)


@BOTH
def test_log_in_with_a_checked_old_password_is_refused(client, acme, bob, monkeypatch, ends):
    from allauth.account.adapter import get_adapter

    check = type(get_adapter()).authenticate

    def authenticate(*args, **kwargs):
        user = check(*args, **kwargs)
        ends(bob)
        return user

    monkeypatch.setattr(type(get_adapter()), "authenticate", authenticate)
    browser = client.at(acme)
    assert log_in(browser, bob)["Location"] == "/auth/login/"
    assert "_auth_user_id" not in browser.session


@BOTH
def test_token_request_with_a_checked_old_password_is_refused(client, acme, bob, monkeypatch, ends):
    monkeypatch.setattr("accounts.api.tokens.is_asked_for_code", lambda user: ends(bob))
    answer = client.at(acme).json("POST", TOKEN, {"email": bob.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    with tenant_context(acme):
        assert not RefreshFamily.objects.exists()


def test_refresh_of_a_session_being_ended_is_refused(client, acme, bob, log_in, monkeypatch):
    refresh, rotate = log_in(bob, acme)["refresh"], tokens.rotate

    def later(**kwargs):
        end_all(bob)
        return rotate(**kwargs)

    monkeypatch.setattr("accounts.actions.tokens.rotate", later)
    answer = client.at(acme).json("POST", f"{TOKEN}refresh/", {"refresh": refresh})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_an_access_token_ends_with_the_password(client, acme, bob, log_in):
    access = log_in(bob, acme)["access"]
    session = client.at(acme)
    assert session.get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200
    change(bob)
    answer = session.get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {access}")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    answer = session.json("POST", f"{TOKEN}verify/", {"token": access})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@BOTH
def test_acceptance_with_the_old_password_is_refused(client, acme, alice, mallory, ends):
    _row, token = invite(client, alice, acme, email=mallory.email)
    checked = User.objects.get(pk=mallory.pk)
    ends(mallory)
    with tenant_context(acme), pytest.raises(Gone):
        acceptance.accept_invitation(token=token, user=checked)
