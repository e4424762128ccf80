"""The keys for text that browsers keep, and answers to forms that a script sends."""

from base64 import b64decode

import pytest
from django.utils import timezone

from frontend.shared.drafts import draft_keys
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.testing import TenantClient, membership_of

IN_PLACE = {"HTTP_X_IN_PLACE": "1"}


def unmasked(text):
    """Return `{owner: key}` of what a page has."""
    found = {}
    for each in text.split():
        owner, _, masked = each.partition(".")
        both = b64decode(masked)
        found[owner] = bytes(one ^ other for one, other in zip(both[:32], both[32:], strict=True))
    return found


def keys_of(response, page):
    return page(response).all("div", id="drafts")[0]["data-keys"]


def test_keys_of_a_member_stay_and_look_different_on_every_page(client, bob, task, page):
    one, other = (keys_of(client.as_(bob).get(path), page) for path in ("/", "/tasks/WEB-1/"))
    assert unmasked(one) == unmasked(other)
    assert one != other
    assert one.partition(".")[2][:40] != other.partition(".")[2][:40]


def test_every_user_and_every_account_has_another_key(acme, globex, alice, bob, charlie):
    found = {}
    for account, user in ((acme, alice), (acme, bob), (acme, charlie), (globex, charlie)):
        with tenant_context(account):
            found |= unmasked(draft_keys(membership_of(user, account)))
    assert len(found) == len(set(found.values())) == 4


def test_keys_of_before_a_change_of_the_secret_key_are_handed_out_second(acme, bob, settings):
    with tenant_context(acme):
        before = unmasked(draft_keys(membership_of(bob, acme)))
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
        after = unmasked(draft_keys(membership_of(bob, acme)))
    assert len(after) == 2
    assert list(after.items())[1] == next(iter(before.items()))


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/password/reset/"])
def test_anonymous_clients_get_no_key(client, acme, path):
    assert "data-keys" not in client.at(acme).get(path).content.decode()


def test_script_is_told_where_an_accepted_form_leads(client, bob, project):
    response = client.as_(bob).post("/tasks/new/", {"project": "WEB", "title": "New"}, **IN_PLACE)
    assert (response.status_code, response["X-Location"], response.content) == (204, "/tasks/WEB-1/", b"")
    assert "Location" not in response


def test_script_is_told_that_the_session_has_ended(client, acme, project):
    response = client.at(acme).post("/tasks/new/", {"project": "WEB", "title": "New"}, **IN_PLACE)
    assert response.status_code == 401
    assert not {"Location", "X-Location"} & set(response.headers)
    with tenant_context(acme):
        assert not Task.objects.exists()


def test_script_gets_a_refused_form_as_a_page(client, bob, project):
    response = client.as_(bob).post("/tasks/new/", {"project": "WEB", "title": ""}, **IN_PLACE)
    assert response.status_code == 400
    assert 'name="title"' in response.content.decode()


def test_messages_are_left_to_the_page_that_the_form_leads_to(client, alice, project):
    session = client.as_(alice)
    fields = {"name": "Site", "color": "blue"}
    response = session.post("/projects/WEB/settings/", fields, **IN_PLACE)
    assert response.status_code == 204
    assert 'class="notice"' in session.get(response["X-Location"]).content.decode()


# How a session ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/auth/logout/", "/auth/delete/"])
def test_forms_that_end_the_session_say_so_to_the_script(client, bob, page, path):
    shown = page(client.as_(bob).get(path))
    ends = [form for form in shown.all("form") if form.get("action") in {"/auth/logout/", "/auth/delete/"}]
    assert ends
    assert {form.get("data-ends-session") for form in ends} == {"/"}


def test_owner_of_an_account_that_is_closed_logs_out_with_the_script(client, acme, alice, page):
    now = timezone.now()
    type(acme).objects.filter(pk=acme.pk).update(suspended_at=now, deleting_since=now)
    shown = page(client.as_(alice).get("/settings/danger/"))
    assert shown.all("form", action="/auth/logout/", **{"data-ends-session": "/"})


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/logout/", "/roadmap/", "/nothing/"])
def test_pages_without_drafts_run_the_script_that_ends_other_tabs(client, acme, path):
    response = client.at(acme).get(path, follow=True)
    assert "frontend/shared/log-out.js" in response.content.decode()


def test_session_that_ended_with_its_csrf_cookie_is_told_to_scripts_as_any_other(acme, task):
    browser = TenantClient(acme, enforce_csrf_checks=True)
    assert browser.post("/tasks/WEB-1/comments/", {"body": "x"}, **IN_PLACE).status_code == 401
    response = browser.post("/tasks/WEB-1/comments/", {"body": "x"}, headers={"HX-Request": "true"})
    assert (response.status_code, response["Location"]) == (302, "/auth/login/?next=/tasks/WEB-1/comments/")


def test_session_that_ended_with_its_csrf_cookie_is_told_with_a_way_to_log_in(acme, task, page):
    response = TenantClient(acme, enforce_csrf_checks=True).post("/tasks/WEB-1/comments/", {"body": "x"})
    assert response.status_code == 403
    assert "Your session has ended" in page(response).text
    assert "/auth/login/" in page(response).links


def test_form_without_a_csrf_token_and_with_a_session_is_said_to_be_too_old(acme, bob, task, page):
    browser = TenantClient(acme, enforce_csrf_checks=True)
    browser.log_in(bob)
    response = browser.post("/tasks/WEB-1/comments/", {"body": "x"}, headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert "This page has expired" in page(response).text
    assert "/auth/login/" not in page(response).links
