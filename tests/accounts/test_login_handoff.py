"""/auth/enter/ and /auth/hand-over/: single sign-on from the public site to the host of an account"""

import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.models import AuditEntry
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, TenantClient
from tests.accounts.authentication import LOG_IN, give_app, is_in, log_in
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db
ENTER, OVER = "/auth/enter/", "/auth/hand-over/"


def start_handoff(browser, **query):
    """Start the login handoff at an account and return the page of the public site that it redirects to."""
    answer = browser.get(ENTER, query)
    assert (answer.status_code, answer["Cache-Control"] != "") == (302, True)
    url = urlsplit(answer["Location"])
    assert (url.netloc, url.path) == ("localhost:8000", OVER)
    return f"{url.path}?{url.query}"


def token_in(answer, host="acme.localhost:8000"):
    url = urlsplit(answer["Location"])
    assert (answer.status_code, url.netloc, url.path) == (302, host, OVER)
    return parse_qs(url.query)["token"][0]


@pytest.fixture
def public(client, charlie):
    """Charlie, who belongs to acme and globex, on the public site."""
    client.log_in(charlie)
    return client


@pytest.fixture
def browser(client, acme):
    """The same browser at acme, without a session."""
    return client.at(acme)


@pytest.fixture
def token(public, browser):
    """A token for this browser at acme."""
    return token_in(public.post(start_handoff(browser)))


def take(browser, token):
    return browser.get(OVER, {"token": token})


# The way -------------------------------------------------------------------------------------------------------------


def test_handoff_logs_in_and_is_audited(public, browser, acme, charlie):
    page = start_handoff(browser)
    offered = public.get(page)
    assert "You are logged in as charlie@example.com." in offered.content.decode()
    assert "Go to Acme" in offered.content.decode()
    answer = take(browser, token_in(public.post(page)))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.get("/").status_code == 200
    with tenant_context(acme):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_email, entry.data) == (
        "member.logged_in",
        "charlie@example.com",
        {"with": "hand-over"},
    )


def test_logged_in_member_is_redirected_at_once(client, acme, bob):
    answer = client.as_(bob).get(ENTER, {"next": "/subtasks/"})
    assert (answer.status_code, answer["Location"]) == (302, "/subtasks/")


def test_anonymous_client_logs_in_during_the_handoff(client, acme, bob):
    browser, public = client.at(acme), TenantClient()
    page = start_handoff(browser, next="/subtasks/")
    asked = public.get(page)
    assert asked["Location"].startswith("/auth/login/?next=/auth/hand-over/%3Faccount%3Dacme%26challenge%3D")
    back = public.post(asked["Location"], {"login": bob.email, "password": PASSWORD})
    assert back["Location"] == page
    assert take(browser, token_in(public.post(page)))["Location"] == "/subtasks/"


def test_handoff_works_on_a_custom_domain(public, client, acme):
    acme.domains.create(host="work.acme.example", is_primary=True)
    browser = TenantClient(acme, HTTP_HOST="work.acme.example")
    token = token_in(public.post(start_handoff(browser)), host="work.acme.example:8000")
    assert take(browser, token)["Location"] == "/"


def test_csp_form_action_allows_the_account_host_only(public, browser):
    """Browsers apply `form-action` also to the redirect after a form."""
    policy = public.get(start_handoff(browser))["Content-Security-Policy"]
    assert "form-action 'self' http://acme.localhost:8000;" in policy + ";"
    assert "form-action 'self';" in public.get("/")["Content-Security-Policy"] + ";"


def test_handoff_needs_the_second_factor_on_the_public_site(client, acme, charlie):
    give_app(client.as_(charlie, at=acme), charlie)
    cache.clear()
    public = TenantClient()
    page = start_handoff(client.at(acme))
    log_in(public, charlie)  # and no code
    assert public.post(page).status_code == 302
    assert public.post(page)["Location"].startswith(LOG_IN)


# What a token is worth -----------------------------------------------------------------------------------------------


def test_ticket_works_once(browser, token, acme):
    other = TenantClient(acme)
    other.cookies = browser.cookies.copy()
    assert take(browser, token)["Location"] == "/"
    assert take(other, token)["Location"] == LOG_IN
    assert not is_in(other)


def test_ticket_is_refused_and_consumed_at_another_account(client, browser, token, globex):
    there = client.at(globex)
    there.cookies = browser.cookies.copy()  # with the nonce, which a browser would not send to this host
    assert take(there, token)["Location"] == LOG_IN
    assert not is_in(there)
    assert take(browser, token)["Location"] == LOG_IN


def test_ticket_does_not_work_in_another_browser(client, token, acme):
    """Login CSRF: an attacker's ticket does not log the victim in as the attacker."""
    victim = client.at(acme)
    assert take(victim, token)["Location"] == LOG_IN  # without a started handoff
    another = client.at(acme)
    start_handoff(another)
    assert take(another, token)["Location"] == LOG_IN
    assert not is_in(victim)
    assert not is_in(another)


def test_existing_session_is_not_replaced(client, token, acme, bob):
    session = client.as_(bob)
    assert take(session, token)["Location"] == "/"
    assert "bob@example.com" in session.get("/").content.decode()


def test_ticket_expires_after_thirty_seconds(public, browser, monkeypatch):
    from accounts.actions import login_handoff

    assert login_handoff.SECONDS == 30
    monkeypatch.setattr(login_handoff, "SECONDS", 0.001)
    token = token_in(public.post(start_handoff(browser)))
    threading.Event().wait(0.05)
    assert take(browser, token)["Location"] == LOG_IN


def test_ticket_is_not_stored_in_plain_text(token):
    client = cache._cache.get_client(None)
    keys = list(client.scan_iter(match=f"{cache.key_prefix}:*hand-over*"))
    assert len(keys) == 1
    assert token.encode() not in keys[0]
    assert token.encode() not in client.get(keys[0])
    assert 25 < client.ttl(keys[0]) <= 30


@pytest.mark.parametrize("text", ["", "x", "x" * 10_000, "é", "a\0b"])
def test_malformed_ticket_redirects_to_the_login(browser, text):
    start_handoff(browser)
    assert take(browser, text)["Location"] == LOG_IN


@pytest.mark.parametrize("cookie", ["", "x", "x:y:z", "é"])
def test_modified_cookie_is_ignored(browser, token, cookie):
    browser.cookies["login_handoff"] = cookie
    assert take(browser, token)["Location"] == LOG_IN


def test_member_removed_during_the_handoff_is_not_logged_in(browser, token, acme, charlie, end_membership):
    end_membership(charlie, acme)
    assert take(browser, token)["Location"] == LOG_IN


def test_user_deactivated_during_the_handoff_is_not_logged_in(browser, token, charlie):
    charlie.is_active = False
    charlie.save()
    assert take(browser, token)["Location"] == LOG_IN


def test_user_with_changed_password_is_not_logged_in(browser, token, charlie):
    charlie.set_password("another long sentence")
    charlie.save()
    assert take(browser, token)["Location"] == LOG_IN


@pytest.mark.django_db(transaction=True)
def test_exactly_one_parallel_use_of_a_ticket_succeeds(public, browser, acme):
    token = token_in(public.post(start_handoff(browser)))
    barrier, places = threading.Barrier(5), []

    def run():
        each = TenantClient(acme)
        each.cookies = browser.cookies.copy()
        try:
            barrier.wait(PATIENCE)
            places.append(take(each, token)["Location"])
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(places) == ["/", *[LOG_IN] * 4]


# Permissions ---------------------------------------------------------------------------------------------------------


def test_non_member_reads_the_same_page_as_for_an_absent_account(public, acme, globex):
    type(acme).objects.create(slug="initech", name="Initech")
    challenge = {"challenge": "0" * 64}
    absent = public.get(OVER, {"account": "nowhere", **challenge})
    for account in ("initech", "", "é", "x" * 99):
        answer = public.get(OVER, {"account": account, **challenge})
        assert (answer.status_code, answer.content) == (404, absent.content)
        assert public.post(f"{OVER}?account={account}&challenge={'0' * 64}").status_code == 404


def test_suspended_account_gets_no_ticket(public, acme, browser, suspend):
    page = start_handoff(browser)
    suspend(acme)
    assert public.get(page).status_code == 404


@pytest.mark.parametrize("challenge", ["", "0" * 63, "G" * 64, "0" * 65])
def test_malformed_challenge_is_refused(public, acme, challenge):
    assert public.get(OVER, {"account": "acme", "challenge": challenge}).status_code == 404


def test_creating_a_ticket_needs_a_post_with_csrf_token(acme, charlie, browser):
    public = TenantClient(enforce_csrf_checks=True)
    public.log_in(charlie)
    page = start_handoff(browser)
    assert public.get(page).status_code == 200
    assert public.post(page).status_code == 403


def test_host_of_an_account_creates_no_ticket(client, acme, globex, charlie):
    """The owner of an account may control its host."""
    there = client.as_(charlie, at=globex)
    answer = there.post(f"{OVER}?account=acme&challenge={'0' * 64}")
    assert answer.status_code == 405
    assert there.get(f"{OVER}?account=acme&challenge={'0' * 64}")["Location"] == "/"  # at globex, where he is


# Without Redis -------------------------------------------------------------------------------------------------------


def test_without_redis_users_log_in_at_the_account(public, browser, token, settings, bob):
    page = start_handoff(browser)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert public.post(page)["Location"] == "http://acme.localhost:8000/auth/login/"
    assert take(browser, token)["Location"] == LOG_IN


# Attack 27 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "\\\\evil.example", "/\\evil.example", "javascript:alert(1)", "http://globex.localhost/"],
)
def test_ticket_does_not_redirect_to_another_site(public, browser, client, acme, globex, bob, target):
    token = token_in(public.post(start_handoff(browser, next=target)))
    assert take(browser, token)["Location"] == "/"
    assert client.as_(bob).get(ENTER, {"next": target})["Location"] == "/"
