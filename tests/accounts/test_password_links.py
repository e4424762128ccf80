"""/auth/password/reset/: password reset by a link"""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.emails.links import password_link
from accounts.models import Account
from tenancy.context import tenant_context
from tenancy.outbox.models import OutboxJob
from tenancy.testing import PASSWORD, TenantClient, make_user
from tests.accounts.authentication import give_app, is_in, log_in

pytestmark = pytest.mark.django_db
URL, NEW = "/auth/password/reset/", "another long sentence"


def ask(client, email="bob@example.com", **extra):
    return client.post(URL, {"email": email}, **extra)


def follow(client, path):
    """Open a link and return the URL of the page to which it redirects."""
    return client.get(path, follow=True).redirect_chain[-1][0]


def set_password(client, path, password=NEW):
    return client.post(follow(client, path), {"password1": password, "password2": password})


@pytest.fixture
def link(client, acme, bob, post):
    """The path of a link that bob has requested at acme."""
    post(ask, client.at(acme))
    return post.link()[1]


def test_a_member_gets_a_link_that_works_once(client, acme, bob, link):
    browser = client.at(acme)
    answer = set_password(browser, link)
    assert (answer.status_code, answer["Location"]) == (302, "/auth/password/reset/key/done/")
    assert log_in(browser, bob).status_code == 200  # with the old one
    assert log_in(browser, bob, NEW)["Location"] == "/"
    assert client.at(acme).get(link).status_code == 404


def test_key_is_removed_from_the_url(client, acme, link):
    """Otherwise the key would be in the browser history and in the Referer header."""
    assert follow(client.at(acme), link).endswith("-set-password/")


def test_link_requested_at_an_account_has_its_host(client, globex, charlie, post):
    post(ask, client.at(globex), "Charlie@Example.com")
    assert post.only.to == ["charlie@example.com"]
    assert post.link()[0] == "globex.localhost:8000"


def test_link_requested_on_the_public_site_has_the_public_host(client, acme, bob, post):
    post(ask, client)
    host, path = post.link()
    assert host == "localhost:8000"
    assert set_password(client, path).status_code == 302
    assert log_in(client.at(acme), bob, NEW)["Location"] == "/"


def test_link_of_an_account_with_a_custom_domain_uses_it(client, acme, bob, post):
    acme.domains.create(host="work.acme.example", is_primary=True)
    post(ask, client.at(acme))
    assert post.link()[0] == "work.acme.example:8000"


# Attack 34: on another host ------------------------------------------------------------------------------------------


def test_link_of_one_account_is_not_found_at_another(client, acme, globex, bob, charlie, post):
    for person in (bob, charlie):  # charlie belongs to both
        post(ask, client.at(acme), person.email)
        path = post.link()[1]
        absent = client.at(globex).get(f"/auth/password/reset/key/{uuid4().hex}-x-y/")
        for host in (globex, None):
            there = client.at(host)
            answer = there.get(path)
            assert answer.status_code == 404
            assert there.post(path, {"password1": NEW, "password2": NEW}).status_code == 404
            assert "_password_reset_key" not in there.session
        assert client.at(globex).get(path).content == absent.content
        person.refresh_from_db()
        assert person.check_password(PASSWORD)


def test_link_of_the_public_site_is_not_found_at_an_account(client, acme, bob, post):
    post(ask, client)
    assert client.at(acme).get(post.link()[1]).status_code == 404


def test_reset_started_at_one_account_cannot_continue_at_another(client, acme, globex, charlie, post):
    post(ask, client.at(acme), charlie.email)
    here, there = client.at(acme), client.at(globex)
    page = follow(here, post.link()[1])
    there.cookies = here.cookies
    assert there.post(page, {"password1": NEW, "password2": NEW}).status_code == 404


# Attack 26: a forged host --------------------------------------------------------------------------------------------


def test_link_ignores_the_host_header(client, acme, bob, post):
    forged = [
        {"HTTP_HOST": "acme.localhost:1234"},
        {"HTTP_HOST": "acme.localhost", "HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_HOST": "acme.localhost", "HTTP_X_FORWARDED_PORT": "1", "HTTP_FORWARDED": "host=evil.example"},
        {"HTTP_HOST": "acme.localhost", "HTTP_X_TENANT": "globex"},
    ]
    for headers in forged:
        post(ask, client.at(acme), **headers)
        assert post.link()[0] == "acme.localhost:8000"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 404),
        ("acme.localhost.evil.example", 404),
        ("evil.localhost", 404),
        ("acme.localhost@evil.example", 400),
        ("acme.localhost/evil", 400),
        ("", 400),
    ],
)
def test_on_a_forged_host_no_mail_is_sent(client, acme, bob, post, host, status):
    assert post(ask, client.at(acme), HTTP_HOST=host).status_code == status
    assert post.mails == []


# User enumeration ----------------------------------------------------------------------------------------------------


def test_known_and_unknown_addresses_get_the_same_answer(client, acme, bob, mallory, post):
    switched_off = make_user("gone")
    switched_off.is_active = False
    switched_off.save()
    answers, mails = set(), []
    for email in ("bob@example.com", "mallory@example.com", "absent@example.com", "gone@example.com"):
        browser = client.at(acme)
        answer = post(ask, browser, email)
        answers.add((answer.status_code, answer["Location"], browser.get(answer["Location"]).content))
        mails += post.mails
    assert len(answers) == 1
    assert [mail.to for mail in mails] == [["bob@example.com"]]  # mallory is no member of acme


def test_known_and_unknown_addresses_cost_the_same_work(client, acme, bob):
    for email in ("bob@example.com", "absent@example.com"):
        ask(client.at(acme), email)
    assert list(OutboxJob.objects.values_list("name", flat=True)) == ["accounts.send_user_email"] * 2


def test_pending_address_gets_no_link(client, acme, bob, post):
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=bob, email="thief@example.com")
    for host in (acme, None):
        post(ask, client.at(host), "thief@example.com")
        assert post.mails == []


def test_a_former_member_gets_no_link_of_the_account(client, acme, bob, end_membership, post):
    end_membership(bob, acme)
    post(ask, client.at(acme))
    assert post.mails == []
    post(ask, client)
    assert post.only.to == ["bob@example.com"]


def test_repeated_requests_for_an_address_are_throttled(client, acme, globex, bob):
    """Five for an address, across all hosts."""
    codes = [ask(client.at(host)).status_code for host in (acme, globex, None) * 2]
    assert codes == [302] * 5 + [429]


# What a new password ends --------------------------------------------------------------------------------------------


def test_password_reset_ends_sessions_and_refresh_tokens_and_keeps_personal_tokens(
    client, acme, globex, charlie, log_in, personal, post
):
    sessions = [client.as_(charlie, at=account) for account in (acme, globex)]
    refresh = log_in(charlie, globex)["refresh"]
    token = personal(charlie, acme)["token"]
    post(ask, client, charlie.email)
    set_password(client, post.link()[1])
    assert [is_in(session) for session in sessions] == [False, False]
    answer = client.at(globex).json("POST", "/api/v1/auth/token/refresh/", {"refresh": refresh})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert client.at(acme).get("/api/v1/projects/", **bearer).status_code == 200


def test_user_is_notified_of_the_password_change(client, acme, bob, link, post):
    browser = client.at(acme)
    page = follow(browser, link)
    post(browser.post, page, {"password1": NEW, "password2": NEW})
    assert (post.only.subject, post.only.to) == ("Your password was changed", ["bob@example.com"])


def test_password_reset_does_not_bypass_the_second_factor(client, acme, bob, post):
    give_app(client.as_(bob), bob)
    browser = client.at(acme)
    post(ask, browser)
    set_password(browser, post.link()[1])
    assert log_in(browser, bob, NEW)["Location"] == "/auth/2fa/authenticate/"
    assert not is_in(browser)


def test_password_reset_confirms_the_address(client, acme, post):
    nina = type(make_user("x")).objects.create_user("nina@example.com", PASSWORD)
    assert not nina.is_confirmed
    post(ask, client, nina.email)
    set_password(client, post.link()[1])
    assert nina.is_confirmed


@pytest.mark.parametrize("password", ["short", "password", "bob@example.com", "We are at Acme!"])
def test_a_bad_password_is_refused(client, acme, bob, link, password):
    browser = client.at(acme)
    assert set_password(browser, link, password).status_code == 200
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)


def test_two_different_passwords_are_refused(client, acme, bob, link):
    browser = client.at(acme)
    answer = browser.post(follow(browser, link), {"password1": NEW, "password2": PASSWORD})
    assert "the same password each time" in answer.content.decode()


def test_password_link_expires(client, acme, bob, link, settings):
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert client.at(acme).get(link).status_code == 404


def test_link_is_invalid_after_an_address_change(client, acme, bob, link):
    type(bob).objects.filter(pk=bob.pk).update(email="robert@example.com")
    assert client.at(acme).get(link).status_code == 404


def test_links_are_made_for_the_host_of_the_active_account(acme, bob):
    with tenant_context(acme):
        assert password_link(bob).startswith("http://acme.localhost:8000/auth/password/reset/key/")
    assert password_link(bob).startswith("http://localhost:8000/auth/password/reset/key/")


def test_a_suspended_account_sends_no_links(client, acme, bob, suspend, post):
    suspend(acme)
    assert post(ask, client.at(acme)).status_code == 403
    assert post.mails == []
    assert Account.objects.get(pk=acme.pk).suspended_at < timezone.now()
    assert TenantClient().get(URL).status_code == 200
