"""Authenticator apps and recovery codes: on the pages, and at `auth/token/`"""

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.utils import timezone

from accounts.models import AuditEntry, Membership
from accounts.second_factor import use_up_code
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD
from tests.accounts.authentication import TOKEN, code_of, give_app, is_in, log_in

pytestmark = pytest.mark.django_db
CODE, CODES, OFF = "/auth/2fa/authenticate/", "/auth/2fa/recovery-codes/", "/auth/2fa/app/deactivate/"


@pytest.fixture
def app(client, bob):
    """Activate an app for bob, with no used codes, and return a session of bob."""
    session = client.as_(bob)
    give_app(session, bob)
    cache.clear()
    return session


@pytest.fixture
def clock(monkeypatch):
    """The stopped clock of codes, initially 20 seconds after a change of code, that tests can set."""
    clock = SimpleNamespace(now=60_000_020.0)
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def ask(client, otp=None, email="bob@example.com", password=PASSWORD):
    fields = {"email": email, "password": password} | ({} if otp is None else {"otp": otp})
    answer = client.json("POST", TOKEN, fields)
    return answer.status_code, answer.json().get("code")


def recovery_codes(user):
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


# Switching it on and off ---------------------------------------------------------------------------------------------


def test_activation_needs_reauthentication(client, bob):
    answer = client.as_(bob).get("/auth/2fa/app/activate/")
    assert answer["Location"] == "/auth/reauthenticate/?next=%2Fauth%2F2fa%2Fapp%2Factivate%2F"
    wrong = client.as_(bob).post("/auth/reauthenticate/", {"password": "wrong"})
    assert "Incorrect password" in wrong.content.decode()


def test_activation_page_shows_a_qr_code_and_the_secret(client, bob):
    session = client.as_(bob)
    session.post("/auth/reauthenticate/", {"password": PASSWORD})
    shown = session.get("/auth/2fa/app/activate/")
    assert "data:image/svg+xml;base64," in shown.content.decode()
    assert shown.context["form"].secret in shown.content.decode()
    assert "Commonhold" in shown.context["totp_url"]
    assert "no-store" in shown["Cache-Control"]


def test_wrong_code_does_not_activate_the_app(client, bob):
    session = client.as_(bob)
    session.post("/auth/reauthenticate/", {"password": PASSWORD})
    session.get("/auth/2fa/app/activate/")
    answer = session.post("/auth/2fa/app/activate/", {"code": "000000"})
    assert "Incorrect code" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_activation_creates_recovery_codes_and_sends_a_mail(client, bob, post):
    session = client.as_(bob)
    post(give_app, session, bob)
    assert (post.only.subject, post.only.to) == ("Your authenticator app was turned on", ["bob@example.com"])
    shown = session.get(CODES).content.decode()
    assert len(recovery_codes(bob)) == 10
    assert all(code in shown for code in recovery_codes(bob))
    assert session.get(f"{CODES}download/").content.decode().split() == recovery_codes(bob)


def test_secret_and_recovery_codes_are_encrypted_in_the_database(app, bob):
    codes = recovery_codes(bob)
    rows = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    secret = app.session.get("mfa.totp.secret")
    assert secret is None
    assert not any(code in rows for code in codes)
    assert rows.count("gAAAA") == 2  # how encrypted text begins


def test_deactivation_needs_password_or_code_and_sends_a_mail(client, acme, app, bob, post):
    other = client.as_(bob)
    assert other.get(OFF)["Location"].startswith("/auth/reauthenticate/")
    assert other.post(OFF)["Location"].startswith("/auth/reauthenticate/")
    other.post("/auth/2fa/reauthenticate/", {"code": code_of(bob)})
    post(other.post, OFF)
    assert not Authenticator.objects.exists()
    assert post.only.subject == "Your authenticator app was turned off"
    assert log_in(client.at(acme), bob)["Location"] == "/"


def test_new_recovery_codes_end_the_old_ones(client, acme, app, bob):
    before = recovery_codes(bob)
    app.post(f"{CODES}generate/")
    assert not set(before) & set(recovery_codes(bob))
    assert ask(client.at(acme), before[0]) == (401, "invalid_credentials")
    assert ask(client.at(acme), recovery_codes(bob)[0]) == (200, None)


# On the pages --------------------------------------------------------------------------------------------------------


def test_password_alone_does_not_log_in(client, acme, app, bob):
    browser = client.at(acme)
    assert log_in(browser, bob, next="/subtasks/")["Location"] == CODE
    assert not is_in(browser)
    assert browser.get("/").status_code == 302
    answer = browser.post(CODE, {"code": code_of(bob)})
    assert (answer.status_code, answer["Location"]) == (302, "/subtasks/")
    assert is_in(browser)


def test_wrong_code_shows_an_error(client, acme, app, bob):
    browser = client.at(acme)
    log_in(browser, bob)
    assert "Incorrect code" in browser.post(CODE, {"code": "000000"}).content.decode()
    assert not is_in(browser)


def test_code_page_needs_the_password_first(client, acme, app):
    assert client.at(acme).get(CODE)["Location"] == "/auth/login/"
    assert client.at(acme).post(CODE, {"code": "123456"})["Location"] == "/auth/login/"


def test_recovery_codes_work_once(client, acme, app, bob):
    code = recovery_codes(bob)[0]
    for location in ("/", None):
        browser = client.at(acme)
        log_in(browser, bob)
        assert browser.post(CODE, {"code": code}).get("Location") == location
    assert len(recovery_codes(bob)) == 9


def test_code_works_once_across_all_accounts(client, acme, globex, charlie):
    """If each account counted used codes separately, a code would work once at every host."""
    give_app(client.as_(charlie, at=acme), charlie)
    cache.clear()
    code = code_of(charlie)
    for host, location in ((acme, "/"), (globex, None), (None, None)):
        browser = client.at(host)
        log_in(browser, charlie)
        assert browser.post(CODE, {"code": code}).get("Location") == location


def test_activation_code_cannot_be_used_again(client, acme, bob):
    code = give_app(client.as_(bob), bob)
    assert ask(client.at(acme), code) == (401, "invalid_credentials")


def test_member_removed_between_password_and_code_is_not_logged_in(client, acme, app, bob):
    browser = client.at(acme)
    log_in(browser, bob)
    with tenant_context(acme):
        Membership.objects.filter(user=bob).update(ended_at=timezone.now())
    assert browser.post(CODE, {"code": code_of(bob)})["Location"] == "/auth/login/"
    assert "_auth_user_id" not in browser.session


def test_log_in_started_at_one_account_cannot_finish_at_another(client, acme, globex, app, bob):
    here, there = client.at(acme), client.at(globex)
    log_in(here, bob)
    there.cookies = here.cookies
    there.post(CODE, {"code": code_of(bob)})
    assert "_auth_user_id" not in there.session
    assert not is_in(there)


# At auth/token/ ------------------------------------------------------------------------------------------------------


def test_token_endpoint_accepts_a_code(client, acme, app, bob):
    at = client.at(acme)
    assert ask(at) == (401, "otp_required")
    assert ask(at, "000000") == (401, "invalid_credentials")
    code = code_of(bob)
    assert ask(at, code) == (200, None)
    assert ask(at, code) == (401, "invalid_credentials")  # a second time
    assert ask(at, recovery_codes(bob)[0]) == (200, None)


@pytest.mark.parametrize(("steps", "answer"), [(-2, 401), (-1, 200), (0, 200), (1, 401), (2, 401)])
def test_code_is_accepted_in_its_half_minute_and_in_the_next(client, acme, clock, app, bob, steps, answer):
    browser = client.at(acme)
    log_in(browser, bob)
    browser.post(CODE, {"code": code_of(bob, steps)})
    assert is_in(browser) == (answer == 200)
    cache.clear()
    assert ask(client.at(acme), code_of(bob, steps))[0] == answer


def test_used_code_stays_used_for_as_long_as_it_would_be_accepted(client, acme, clock, app, bob):
    """allauth removes its mark after 30 seconds."""
    code = code_of(bob)
    assert ask(client.at(acme), code) == (200, None)
    clock.now += 31
    let_pass(31)
    assert ask(client.at(acme), code) == (401, "invalid_credentials")
    clock.now += 8  # the last second in which the code is accepted
    let_pass(8)
    assert ask(client.at(acme), code) == (401, "invalid_credentials")


def let_pass(seconds):
    """Let the marks of used codes expire so many seconds earlier."""
    redis = cache._cache.get_client(None, write=True)
    for name in redis.scan_iter(match="*allauth.mfa.totp.used*"):
        redis.expire(name, redis.ttl(name) - seconds)


def test_code_that_came_too_early_is_accepted_in_its_own_time_once(client, acme, clock, app, bob):
    early = code_of(bob, 1)
    browser = client.at(acme)
    log_in(browser, bob)
    browser.post(CODE, {"code": early})
    assert not is_in(browser)
    assert ask(client.at(acme), early) == (401, "invalid_credentials")
    clock.now += 30
    assert ask(client.at(acme), early) == (200, None)
    assert ask(client.at(acme), early) == (401, "invalid_credentials")


def test_early_code_does_not_revalidate_a_used_code(client, acme, clock, app, bob):
    code = code_of(bob)
    assert ask(client.at(acme), code) == (200, None)
    assert ask(client.at(acme), code_of(bob, 1)) == (401, "invalid_credentials")
    assert ask(client.at(acme), f" {code[:3]} {code[3:]} ") == (401, "invalid_credentials")


def test_exactly_one_of_parallel_uses_of_a_code_succeeds(clock, app, bob):
    """Also after the shorter mark of allauth has expired, as here before each use."""
    secret = decrypt(Authenticator.objects.get(user=bob, type="totp").data["secret"])
    code = code_of(bob)
    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(lambda _: use_up_code(bob, secret, code), range(32)))
    assert used.count(True) == 1


def test_app_is_switched_on_with_the_code_of_the_half_minute_before_and_it_is_used_up(client, acme, clock, bob):
    session = client.as_(bob)
    code = give_app(session, bob, steps=-1)
    assert ask(client.at(acme), code) == (401, "invalid_credentials")
    assert ask(client.at(acme), code_of(bob)) == (200, None)


def test_code_is_ignored_without_an_app(client, acme, bob):
    assert ask(client.at(acme), "000000") == (200, None)


def test_wrong_password_does_not_reveal_the_second_factor(client, acme, app):
    assert ask(client.at(acme), password="wrong") == (401, "invalid_credentials")


def test_another_account_does_not_reveal_the_second_factor(client, globex, app):
    assert ask(client.at(globex)) == (401, "invalid_credentials")


@pytest.mark.parametrize("otp", ["１２３４５６", "x" * 100, "null", "12 34 56", "-1"])
def test_malformed_codes_are_refused(client, acme, app, otp):
    assert ask(client.at(acme), otp) == (401, "invalid_credentials")


def test_guesses_of_codes_are_limited(client, acme, globex, charlie):
    """Five wrong codes across all accounts, on pages and in the API."""
    give_app(client.as_(charlie, at=acme), charlie)
    cache.clear()
    email = "charlie@example.com"
    codes = [ask(client.at(host), f"00000{number}", email) for number, host in enumerate((acme, globex, acme, globex))]
    assert codes == [(401, "invalid_credentials")] * 4
    browser = client.at(globex)
    log_in(browser, charlie)
    browser.post(CODE, {"code": "000005"})
    answer = client.at(acme).json("POST", TOKEN, {"email": email, "password": PASSWORD, "otp": code_of(charlie)})
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 200 < int(answer["Retry-After"]) <= 300
    assert "Too many" in browser.post(CODE, {"code": code_of(charlie)}).content.decode()


def test_refused_code_is_in_the_audit_log(client, acme, app, run_jobs):
    ask(client.at(acme), "000000")
    run_jobs()
    with tenant_context(acme):
        assert AuditEntry.objects.filter(action="member.log_in_refused", actor_email="bob@example.com").count() == 1


def test_codes_are_refused_without_redis(client, acme, app, bob, settings):
    """Without Redis the application cannot know whether the code was used before."""
    code = code_of(bob)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    answer = client.at(acme).json("POST", TOKEN, {"email": bob.email, "password": PASSWORD, "otp": code})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_secrets_encrypted_with_another_key_are_not_read(app, bob, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], uuid4().hex * 2
    assert len(recovery_codes(bob)) == 10
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        recovery_codes(bob)
