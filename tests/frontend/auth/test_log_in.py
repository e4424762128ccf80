"""/auth/: log-in, redirects after it, and equal responses for non-members."""

import pytest
from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Membership
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, TenantClient, membership_of
from tests.accounts.authentication import code_of, give_app

URL = "/auth/login/"


def log_in(client, email="bob@example.com", password=PASSWORD, **fields):
    return client.post(URL, {"login": email, "password": password, **fields})


def answer(response, email):
    """What a person sees: the page without the address that they typed and the token against forgery."""
    text = response.content.decode()
    token = response.context["csrf_token"]
    return text.replace(str(token), "TOKEN").replace(email, "EMAIL")


# On an account's host ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/projects/WEB/", "/tasks/WEB-1/", "/subtasks/?page=2"])
def test_anonymous_client_is_redirected_to_the_login(client, acme, task, path):
    response = client.at(acme).get(path)
    assert response.status_code == 302
    assert response["Location"] == URL + "?next=" + path.replace("?", "%3F").replace("=", "%3D")


def test_a_member_logs_in_and_comes_to_the_page_that_they_wanted(client, acme, bob, task, page):
    browser = client.at(acme)
    asked = browser.get("/tasks/WEB-1/", follow=True)
    assert page(asked).all("input", name="next", value="/tasks/WEB-1/")
    response = log_in(browser, next="/tasks/WEB-1/")
    assert (response.status_code, response["Location"]) == (302, "/tasks/WEB-1/")
    assert "Write the welcome page" in browser.get("/tasks/WEB-1/").content.decode()


def test_without_a_wish_they_come_to_the_projects(client, acme, bob):
    assert log_in(client.at(acme))["Location"] == "/"


def test_the_page_names_the_account(client, acme):
    assert "Log in to Acme" in client.at(acme).get(URL).content.decode()


def test_a_wrong_password_is_said_in_words_and_the_address_is_kept(client, acme, bob, page):
    response = log_in(client.at(acme), password="wrong", next="/subtasks/")
    seen = page(response)
    assert response.status_code == 200
    assert "password you specified are not correct" in seen.text
    assert seen.all("input", name="login")[0]["value"] == "bob@example.com"
    assert "value" not in seen.all("input", name="password")[0]
    assert seen.all("input", name="next")[0]["value"] == "/subtasks/"


def test_missing_fields_are_named(client, acme, page):
    seen = page(client.at(acme).post(URL, {}))
    assert seen.text.count("This field is required.") == 2
    assert seen.all("input", name="login")[0]["aria-invalid"] == "true"


def test_correct_password_of_a_non_member_answers_like_a_wrong_one(client, acme, bob, mallory):
    browser = client.at(acme)
    non_member = log_in(browser, "mallory@example.com")
    wrong = log_in(browser, "bob@example.com", "wrong")
    unknown = log_in(browser, "absent@example.com")
    assert non_member.status_code == 200
    assert answer(non_member, "mallory@example.com") == answer(wrong, "bob@example.com")
    assert answer(non_member, "mallory@example.com") == answer(unknown, "absent@example.com")
    assert browser.get("/").status_code == 302


def test_removed_member_is_redirected_to_the_login(client, acme, bob):
    browser = client.at(acme)
    log_in(browser)
    assert browser.get("/").status_code == 200
    with tenant_context(acme):
        Membership.objects.filter(pk=membership_of(bob, acme).pk).update(ended_at=timezone.now())
    response = browser.get("/")
    assert (response.status_code, response["Location"]) == (302, "/auth/login/?next=/")
    assert log_in(browser).status_code == 200  # and does not get in again


def test_a_session_of_one_account_is_worth_nothing_at_another(client, acme, globex, charlie):
    """Charlie belongs to both, but logged in to one."""
    here = client.at(acme)
    log_in(here, "charlie@example.com")
    there = client.at(globex)
    there.cookies = here.cookies
    response = there.get("/")
    assert (response.status_code, response["Location"]) == (302, "/auth/login/?next=/")


def test_a_session_of_the_public_site_is_worth_nothing_at_an_account(client, acme, bob):
    assert log_in(client).status_code == 302
    browser = client.at(acme)
    browser.cookies = client.cookies
    assert browser.get("/").status_code == 302


def test_logging_out_takes_a_post(client, bob):
    browser = client.as_(bob)
    asked = browser.get("/auth/logout/")
    assert asked.status_code == 200
    assert "Log out?" in asked.content.decode()
    assert browser.get("/").status_code == 200
    response = browser.post("/auth/logout/")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert browser.get("/").status_code == 302


def test_inactive_user_gets_the_answer_of_an_unknown_user(client, acme, globex, bob, mallory):
    type(bob).objects.filter(pk__in=(bob.pk, mallory.pk)).update(is_active=False)
    for host in (acme, None):
        emails = [f"{name}@example.com" for name in ("bob", "mallory", "absent")]
        browser = client.at(host)
        seen = [answer(log_in(browser, email), email) for email in emails]
        assert seen[0] == seen[1] == seen[2]
        assert "are not correct" in seen[0]
        assert browser.get("/auth/inactive/").status_code == 404


def test_correct_passwords_of_an_inactive_user_count_as_failures(client, acme, bob):
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    last = [log_in(client.at(acme)) for _ in range(6)][-1]
    assert "Too many failed login attempts" in last.content.decode()


def test_user_deactivated_before_the_code_is_redirected_to_the_login(client, acme, bob):
    give_app(client.as_(bob), bob)
    cache.clear()  # of the code that was used for that
    browser = client.at(acme)
    assert log_in(browser)["Location"] == "/auth/2fa/authenticate/"
    type(bob).objects.filter(pk=bob.pk).update(is_active=False)
    response = browser.post("/auth/2fa/authenticate/", {"code": code_of(bob)})
    assert (response.status_code, response["Location"]) == (302, "/auth/login/")
    assert browser.get("/").status_code == 302


def test_a_new_password_writes_nothing_else(acme, bob):
    """An action that has read the row before a change of it does not revert the change."""
    type(bob).objects.filter(pk=bob.pk).update(name="Robert", is_active=False)
    get_adapter().set_password(bob, "another long sentence")
    bob.refresh_from_db()
    assert (bob.name, bob.is_active, bob.check_password("another long sentence")) == ("Robert", False, True)


def test_a_form_of_another_site_is_refused(acme, bob):
    browser = TenantClient(acme, enforce_csrf_checks=True)
    response = log_in(browser)
    assert response.status_code == 403
    assert "This page has expired" in response.content.decode()


def test_too_many_attempts_get_a_page_that_says_so(client, acme, bob):
    browser = client.at(acme)
    statuses = [log_in(browser, f"person-{number}@example.com", "wrong").status_code for number in range(31)]
    assert statuses[-1] == 429
    response = log_in(browser)
    assert "Wait for a minute" in response.content.decode()
    assert response["Retry-After"] == "60"


# Where a redirect may lead -------------------------------------------------------------------------------------------

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https://evil.example/",
    "http:evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "\t//evil.example",
    "http://globex.localhost/",  # another account's host
    "//globex.localhost/",
    "http://localhost/",  # the public site
    "http://acme.localhost.evil.example/",
    "http://acme.localhost@evil.example/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_logging_in_leads_to_no_other_site(client, acme, globex, bob, target):
    assert log_in(client.at(acme), next=target)["Location"] == "/"
    assert client.at(acme).post(f"{URL}?next={target}", {"login": bob.email, "password": PASSWORD})["Location"] == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_login_page_does_not_redirect_a_logged_in_user_to_another_site(client, globex, bob, target):
    response = client.as_(bob).get(URL, {"next": target})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_logout_does_not_redirect_to_another_site(client, globex, bob, target):
    response = client.as_(bob).post("/auth/logout/", {"next": target})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_logging_in_may_lead_to_an_absolute_url_of_the_same_host(client, acme, bob):
    assert log_in(client.at(acme), next="http://acme.localhost/subtasks/")["Location"].endswith("/subtasks/")


# On the public host --------------------------------------------------------------------------------------------------


def test_logging_in_on_the_public_site_lists_the_accounts_of_the_person(client, acme, globex, initech, charlie, page):
    assert log_in(client, "charlie@example.com")["Location"] == "/"
    seen = page(client.get("/"))
    assert "Acme" in seen.text
    assert "Globex" in seen.text
    assert "Initech" not in seen.text
    assert [link for link in seen.links if link.startswith("http")] == [
        "http://acme.localhost:8000/auth/enter/",
        "http://globex.localhost:8000/auth/enter/",
    ]


def test_user_without_membership_logs_in_on_the_public_site(client, mallory):
    assert log_in(client, "mallory@example.com").status_code == 302
    assert "mallory@example.com" in client.get("/").content.decode()
