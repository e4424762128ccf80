"""Former slugs of renamed accounts in paths, headers and bodies."""

import pytest

from accounts.actions.accounts import rename_account
from tenancy.testing import PASSWORD, TenantClient

pytestmark = pytest.mark.django_db

TOKEN, TASKS = "/api/v1/auth/token/", "/api/v1/tasks/"
LOG_IN = {"login": "alice@example.com", "password": PASSWORD}


@pytest.fixture
def rename(acme, django_capture_on_commit_callbacks):
    def rename(slug="acme-sons"):
        with django_capture_on_commit_callbacks(execute=True):
            rename_account(account=acme, slug=slug)

    return rename


@pytest.fixture
def path_resolver(resolvers):
    """Enable path routing, `/t/<slug>/`."""
    resolvers("PathResolver", "HostResolver", "TokenResolver")


def on_the_public_host():
    return TenantClient(None, HTTP_HOST="localhost")


def ask(client, **fields):
    return client.json("POST", TOKEN, {"email": "alice@example.com", "password": PASSWORD, **fields})


@pytest.mark.usefixtures("path_resolver")
def test_former_slug_in_a_path_redirects_and_keeps_the_session(alice, project, rename):
    browser = on_the_public_host()
    assert browser.post("/t/acme/auth/login/", LOG_IN).url == "/t/acme/"
    assert browser.get("/t/acme/projects/WEB/?view=list").status_code == 200
    rename()
    moved = browser.get("/t/acme/projects/WEB/?view=list")
    assert (moved.status_code, moved["Location"]) == (308, "/t/acme-sons/projects/WEB/?view=list")
    assert browser.get(moved["Location"]).status_code == 200


@pytest.mark.usefixtures("path_resolver")
def test_former_slug_in_a_path_redirects_the_api_with_the_same_token(alice, task, rename):
    client = on_the_public_host()
    bearer = {"Authorization": f"Bearer {ask(client, account='acme').json()['access']}"}
    rename()
    answer = client.get(f"/t/acme{TASKS}", follow=True, headers=bearer)
    assert answer.redirect_chain == [(f"/t/acme-sons{TASKS}", 308)]
    assert [each["title"] for each in answer.json()["results"]] == ["Write the welcome page"]


@pytest.mark.usefixtures("path_resolver")
def test_former_slug_in_a_path_refuses_the_token_of_another_account(mallory, rename):
    client = on_the_public_host()
    access = ask(client, account="globex", email="mallory@example.com").json()["access"]
    rename()
    answer = client.get(f"/t/acme{TASKS}", follow=True, headers={"Authorization": f"Bearer {access}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")


@pytest.mark.usefixtures("header_resolver")
def test_former_slug_in_the_header_is_answered_with_the_new_slug(client, alice, rename):
    rename()
    for answer in (
        client.get(TASKS, headers={"X-Tenant": "acme"}),
        client.post(TOKEN, {}, content_type="application/json", headers={"X-Tenant": "acme"}),
    ):
        assert (answer.status_code, answer.json()["code"], answer["X-Tenant"]) == (404, "unknown_host", "acme-sons")
        assert "acme-sons" in answer.json()["detail"]


def test_tokens_are_issued_for_a_former_slug(client, acme, alice, mallory, globex, rename):
    rename()
    for name in ("acme", "acme-sons"):
        for at in (on_the_public_host(), TenantClient(None, HTTP_HOST="acme-sons.localhost")):
            answer = ask(at, account=name)
            assert (answer.status_code, answer.json()["account"]["slug"]) == (200, "acme-sons")
    wrong = ask(client.at(globex), account="acme", email="mallory@example.com")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "tenant_mismatch")
    assert ask(on_the_public_host(), account="absent").json()["code"] == "invalid_credentials"


def test_former_slug_gives_non_members_no_access(mallory, rename):
    rename()
    refused = ask(on_the_public_host(), account="acme", email="mallory@example.com")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")
