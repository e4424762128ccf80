"""The account switcher: every page links to the list of the user's other accounts, and loads it when it is opened."""

import pytest
from django.utils import timezone

URL = "/accounts/"


@pytest.fixture(params=["page", "list"])
def shown(request, client):
    """Return the other accounts of a user as a page, and as the list that htmx loads."""
    headers = {"HX-Request": "true"} if request.param == "list" else {}

    def get(user, tenant):
        response = client.as_(user, at=tenant).get(URL, headers=headers)
        assert response.status_code == 200
        return response.content.decode()

    return get


def test_page_links_to_other_accounts_without_showing_them(client, acme, globex, charlie, page):
    response = client.as_(charlie, at=acme).get("/")
    assert URL in page(response).links
    assert [each["hx-get"] for each in page(response).all("div") if "hx-get" in each] == [URL]
    assert "globex" not in response.content.decode()


def test_list_links_to_the_users_other_accounts(shown, acme, globex, charlie):
    text = shown(charlie, acme)
    assert 'href="http://globex.localhost:8000/auth/enter/"' in text
    assert 'href="http://acme.localhost:8000/auth/enter/"' not in text


def test_list_of_a_user_with_one_account_names_no_account(shown, acme, globex, bob):
    text = shown(bob, acme)
    assert "You are a member of no other account." in text
    assert "globex" not in text


def test_suspended_account_is_listed_without_a_link(shown, acme, globex, charlie):
    type(globex).objects.filter(pk=globex.pk).update(suspended_at=timezone.now())
    text = shown(charlie, acme)
    assert "Suspended" in text
    assert "globex.localhost:8000" not in text


def test_htmx_receives_the_list_alone(client, acme, charlie, globex):
    text = client.as_(charlie, at=acme).get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert text.strip().startswith('<ul class="switcher-panel">')


def test_list_is_never_cached(client, acme, charlie):
    assert "no-store" in client.as_(charlie, at=acme).get(URL)["Cache-Control"]


def test_anonymous_client_is_redirected_to_the_log_in_page(client, acme):
    response = client.at(acme).get(URL)
    assert (response.status_code, response["Location"]) == (302, "/auth/login/?next=/accounts/")
