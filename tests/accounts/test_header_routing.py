"""Header routing: one host for all accounts, selected by `X-Tenant`."""

import pytest

from tenancy.testing import PASSWORD

TOKEN, TASKS = "/api/v1/auth/token/", "/api/v1/tasks/"


def ask(client, slug, email="charlie@example.com"):
    """Request tokens on the public host, for the account in the header."""
    body = {"email": email, "password": PASSWORD}
    return client.post(TOKEN, body, content_type="application/json", headers={"X-Tenant": slug})


def get(client, token, slug=None):
    header = {"X-Tenant": slug} if slug else {}
    return client.get(TASKS, headers={"Authorization": f"Bearer {token}", **header})


@pytest.fixture
def tasks(task, foreign_task):
    """The keys of a task of acme and a task of globex in `tasks/`."""
    return {"acme": "Write the welcome page", "globex": "Spy on acme"}


@pytest.mark.usefixtures("header_resolver")
class TestSwitchedOn:
    @pytest.mark.parametrize("slug", ["acme", "globex"])
    def test_token_and_header_select_the_account(self, client, charlie, tasks, slug):
        tokens = ask(client, slug).json()
        assert tokens["account"]["slug"] == slug
        (task,) = get(client, tokens["access"], slug).json()["results"]
        assert task["title"] == tasks[slug]

    def test_a_token_with_the_header_of_another_account_is_refused(self, client, charlie, tasks):
        access = ask(client, "acme").json()["access"]
        answer = get(client, access, "globex")
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")

    def test_personal_token_selects_the_account(self, client, acme, charlie, tasks, personal):
        token = personal(charlie, acme)["token"]
        assert get(client, token, "acme").json()["results"][0]["title"] == tasks["acme"]
        answer = get(client, token, "globex")
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")

    def test_header_without_credentials_is_unauthenticated(self, client, tasks):
        answer = client.get(TASKS, headers={"X-Tenant": "acme"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")

    def test_header_with_unknown_tenant_is_unknown_host(self, client, charlie, tasks):
        assert ask(client, "unknown").json()["code"] == "unknown_host"

    def test_header_on_the_host_of_another_account_is_refused(self, client, acme, tasks):
        answer = client.at(acme).get(TASKS, headers={"X-Tenant": "globex"})
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")

    def test_account_field_must_match_the_header(self, client, charlie, tasks):
        body = {"email": "charlie@example.com", "password": PASSWORD, "account": "globex"}
        answer = client.post(TOKEN, body, content_type="application/json", headers={"X-Tenant": "acme"})
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")


def test_disabled_header_routing_ignores_the_header(client, acme, charlie, tasks, log_in):
    answer = get(client, log_in(charlie, acme)["access"], "globex")
    assert [task["title"] for task in answer.json()["results"]] == [tasks["acme"]]
    assert ask(client, "acme").status_code == 400  # the account is not named
