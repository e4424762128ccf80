"""/api/v1/tokens/: creation, list and revocation of personal tokens. Access: test_personal_token_access.py"""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import ApiToken
from tenancy.context import tenant_context

URL = "/api/v1/tokens/"
FIELDS = {"id", "name", "prefix", "created_at", "last_used_at", "expires_at"}


def create(client, **fields):
    return client.json("POST", URL, {"name": "Deploy script", **fields})


def names(client):
    return [row["name"] for row in client.get(URL).json()["results"]]


def test_a_new_token_is_shown_once(client, acme, bob):
    response = create(client.as_(bob))
    assert response.status_code == 201
    shown = response.json()
    assert set(shown) == FIELDS | {"token"}
    assert shown["token"].startswith(shown["prefix"])
    assert set(client.as_(bob).get(f"{URL}{shown['id']}/").json()) == FIELDS
    assert shown["token"] not in client.as_(bob).get(URL).content.decode()


def test_token_contains_the_account_id_and_256_random_bits(client, acme, bob):
    texts = {create(client.as_(bob)).json()["token"] for _ in range(3)}
    assert len(texts) == 3
    for text in texts:
        assert re.fullmatch(rf"chp_{acme.pk.hex}_[0-9a-f]{{64}}", text)


def test_token_text_is_not_stored(client, acme, bob):
    text = create(client.as_(bob)).json()["token"]
    with tenant_context(acme):
        (kept,) = ApiToken.objects.values()
    assert text not in str(kept)
    assert text.rpartition("_")[2] not in str(kept)


def test_response_has_no_store(client, acme, bob):
    assert create(client.as_(bob))["Cache-Control"] == "no-store"


@pytest.mark.parametrize("person", ["alice", "bob", "vera"])
def test_every_role_manages_its_own_tokens(client, request, acme, person):
    ours = client.as_(request.getfixturevalue(person))
    token = create(ours).json()
    assert names(ours) == ["Deploy script"]
    assert ours.delete(f"{URL}{token['id']}/").status_code == 204
    assert names(ours) == []


def test_access_token_creates_a_personal_token(client, acme, bob):
    assert create(client.at(acme).with_token(bob)).status_code == 201


def test_member_cannot_see_or_revoke_tokens_of_others(client, acme, alice, bob):
    token = create(client.as_(bob)).json()
    theirs = f"{URL}{token['id']}/"
    assert names(client.as_(alice)) == []
    for answer in (client.as_(alice).get(theirs), client.as_(alice).delete(theirs)):
        assert answer.status_code == 404
        assert answer.content == client.as_(alice).get(f"{URL}{uuid4()}/").content
    assert names(client.as_(bob)) == ["Deploy script"]


def test_own_tokens_of_another_account_are_hidden(client, acme, globex, charlie):
    token = create(client.as_(charlie, at=acme)).json()
    there = client.as_(charlie, at=globex)
    assert names(there) == []
    assert there.delete(f"{URL}{token['id']}/").status_code == 404
    assert names(client.as_(charlie, at=acme)) == ["Deploy script"]


def test_newest_token_is_listed_first(client, acme, bob):
    for name in ("one", "two", "three"):
        create(client.as_(bob), name=name)
    assert names(client.as_(bob)) == ["three", "two", "one"]


def test_personal_token_cannot_create_tokens(client, acme, bob, personal):
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {personal(bob, acme)['token']}"}
    answer = client.at(acme).post(URL, {"name": "Heir"}, content_type="application/json", **bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert "personal token" in answer.json()["detail"]
    assert names(client.as_(bob)) == ["Deploy script"]


def test_personal_token_can_list_and_revoke_tokens(client, acme, bob, personal):
    token = personal(bob, acme)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token['token']}"}
    assert [row["id"] for row in client.at(acme).get(URL, **bearer).json()["results"]] == [token["id"]]
    assert client.at(acme).delete(f"{URL}{token['id']}/", **bearer).status_code == 204
    assert client.at(acme).get(URL, **bearer).json()["code"] == "invalid_token"


def test_revoking_twice_is_404(client, acme, bob, personal):
    url = f"{URL}{personal(bob, acme)['id']}/"
    assert [client.as_(bob).delete(url).status_code for _ in range(2)] == [204, 404]


# Bodies ------------------------------------------------------------------------------------------------------------


def test_token_can_have_an_expiry(client, acme, bob):
    end = (timezone.now() + timedelta(days=30)).replace(microsecond=0)
    assert create(client.as_(bob), expires_at=end.isoformat()).json()["expires_at"] == f"{end:%Y-%m-%dT%H:%M:%S}Z"
    assert create(client.as_(bob), expires_at=None).json()["expires_at"] is None
    assert create(client.as_(bob)).json()["expires_at"] is None


@pytest.mark.parametrize(
    "end", ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "tomorrow", 7, [], ""]
)
def test_invalid_expiry_is_refused_with_the_field_name(client, acme, bob, end):
    response = create(client.as_(bob), expires_at=end)
    assert (response.status_code, set(response.json()["errors"])) == (400, {"expires_at"})


@pytest.mark.parametrize("name", [None, "", " ", "x" * 101, "nul\x00", 7, []], ids=lambda value: repr(value)[:20])
def test_invalid_name_is_refused_with_the_field_name(client, acme, bob, name):
    response = create(client.as_(bob), name=name)
    assert (response.status_code, set(response.json()["errors"])) == (400, {"name"})


@pytest.mark.parametrize("field", ["account", "member", "text_hash", "token", "role"])
def test_fields_set_by_the_server_are_refused(client, acme, bob, field):
    assert set(create(client.as_(bob), **{field: str(uuid4())}).json()["errors"]) == {field}


@pytest.mark.parametrize("field", ["id", "prefix", "created_at", "last_used_at"])
def test_read_only_fields_are_ignored(client, acme, bob, field):
    response = create(client.as_(bob), **{field: "2026-01-01T00:00:00Z"})
    assert response.status_code == 201
    assert response.json()[field] != "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_token_cannot_be_changed(client, acme, bob, personal, method):
    assert client.as_(bob).json(method, f"{URL}{personal(bob, acme)['id']}/", {"name": "x"}).status_code == 405


def test_a_session_needs_the_csrf_token(client, acme, bob):
    session = client.as_(bob)
    session.handler.enforce_csrf_checks = True
    response = create(session)
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert set(response.json()) == {"code", "detail", "errors"}
