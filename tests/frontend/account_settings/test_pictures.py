"""The forms for the logo of an account and for an avatar, and unexpected files."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from accounts.models import Account
from tenancy.context import tenant_context
from tenancy.testing import TenantClient, membership_of
from tests.accounts.test_pictures import picture

pytestmark = pytest.mark.django_db

PAGE, LOGO, AVATAR = "/settings/pictures/", "/settings/pictures/logo/", "/settings/pictures/avatar/"


@pytest.fixture
def browse(acme):
    """A user's browser, which has to send the token of a form."""

    def browse(person):
        browser = TenantClient(acme)
        browser.handler.enforce_csrf_checks = True
        browser.log_in(person)
        return browser

    return browse


def token_of(browser):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(PAGE).content.decode())[1]


def send(browser, url, content, *, token=None):
    token = token or token_of(browser)
    file = SimpleUploadedFile("picture.png", content, "image/png")
    return browser.post(url, {"csrfmiddlewaretoken": token, "file": file})


def logo_of(account):
    return Account.objects.get(pk=account.pk).logo


def avatar_of(person, account):
    with tenant_context(account):
        return membership_of(person, account).avatar


def test_admins_give_the_account_a_logo_and_take_it_away(browse, acme, alice):
    browser = browse(alice)
    assert send(browser, LOGO, picture()).status_code == 302
    logo = logo_of(acme)
    assert logo
    assert browser.post(f"{LOGO}remove/", {"csrfmiddlewaretoken": token_of(browser)}).status_code == 302
    assert not logo_of(acme)


def test_viewer_sets_an_avatar(browse, acme, vera):
    browser = browse(vera)
    assert send(browser, AVATAR, picture()).status_code == 302
    avatar = avatar_of(vera, acme)
    assert f"/pictures/avatar/{avatar}/" in browser.get(PAGE).content.decode()


def test_members_change_no_logo(browse, acme, bob):
    browser = browse(bob)
    assert LOGO not in browser.get(PAGE).content.decode()
    assert send(browser, LOGO, picture()).status_code == 403
    assert browser.post(f"{LOGO}remove/").status_code == 403
    assert not logo_of(acme)


def test_invalid_logo_shows_an_error(browse, acme, alice):
    answer = send(browse(alice), LOGO, b"<svg onload=alert(1)>")
    assert (answer.status_code, logo_of(acme)) == (400, "")
    assert "The file is not a supported picture" in answer.content.decode()


def test_the_form_tells_how_to_send_a_heic_picture(browse, acme, alice):
    answer = send(browse(alice), AVATAR, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert (answer.status_code, avatar_of(alice, acme)) == (400, "")
    assert "HEIC and AVIF pictures cannot be shown here. Send it as a JPEG" in answer.content.decode()


def test_picture_that_is_too_large_shows_an_error(browse, acme, alice):
    answer = send(browse(alice), AVATAR, b"x" * (20 * 2**20 + 1))
    assert (answer.status_code, avatar_of(alice, acme)) == (413, "")
    assert "A picture can have at most 20 MB." in answer.content.decode()


@pytest.mark.parametrize("url", [LOGO, AVATAR])
def test_the_form_of_another_page_is_not_taken(browse, acme, alice, url):
    assert send(browse(alice), url, picture(), token="x" * 64).status_code == 403  # a wrong one
    assert (logo_of(acme), avatar_of(alice, acme)) == ("", "")


def test_files_that_no_view_has_asked_for_are_not_kept():
    file = SimpleUploadedFile("big.bin", b"x" * 3 * 2**20)
    request = RequestFactory().post("/auth/login/", {"login": "alice@example.com", "file": file})
    assert (request.POST.get("login"), dict(request.FILES)) == ("alice@example.com", {})
