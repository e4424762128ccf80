"""Rules of every view of the API, tested with projects and tasks."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Membership
from tenancy.context import tenant_context
from tenancy.testing import TenantClient

LISTS = ["/api/v1/projects/", "/api/v1/tasks/", "/api/v1/subtasks/"]
NOT_FOUND = {"code": "not_found", "detail": "Not found.", "errors": {}}


# Authentication ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_anonymous_request_gets_401_with_a_challenge(client, acme, url, method):
    response = client.at(acme).json(method, url)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert method == "HEAD" or response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("url", LISTS)
def test_public_host_refuses_anonymous_requests(client, url):
    response = client.get(url)
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("url", LISTS)
def test_session_on_the_public_host_has_no_account(client, bob, url):
    public = TenantClient()
    public.log_in(bob)
    response = public.get(url)
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("url", LISTS)
def test_token_is_valid_on_its_account_host_and_the_public_host(client, acme, bob, url):
    with_token = client.at(acme).with_token(bob)
    assert with_token.get(url).status_code == 200
    assert with_token.get(url, headers={"Host": "localhost"}).status_code == 200


@pytest.mark.parametrize("url", LISTS)
def test_a_token_is_refused_on_the_host_of_another_account(client, acme, globex, bob, url):
    response = client.at(acme).with_token(bob).get(url, headers={"Host": "globex.localhost"})
    assert (response.status_code, response.json()["code"]) == (403, "tenant_mismatch")


@pytest.mark.parametrize(
    "credentials", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "bearer \xff", "Bearer W10.W10.x"]
)
def test_a_broken_token_is_refused(client, acme, credentials):
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": credentials})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


def test_a_broken_token_is_refused_beside_a_good_session(client, bob):
    response = client.as_(bob).get("/api/v1/projects/", headers={"Authorization": "Bearer x"})
    assert response.json()["code"] == "invalid_token"


@pytest.mark.parametrize("credentials", ["Basic Ym9iOmJvYg==", "Token x", "x", ""])
def test_unsupported_authorization_schemes_are_not_authenticated(client, acme, credentials):
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": credentials})
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_a_token_that_is_deeply_nested_is_refused(client, acme):
    from base64 import urlsafe_b64encode

    deep = urlsafe_b64encode(b"[" * 40_000).decode()
    response = client.at(acme).get("/api/v1/projects/", headers={"Authorization": f"Bearer {deep}.{deep}.x"})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


def test_a_write_with_a_session_needs_the_csrf_token(client, acme, bob):
    session = client.as_(bob)
    session.handler.enforce_csrf_checks = True
    response = session.json("POST", "/api/v1/projects/", {"name": "Website"})
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


def test_write_with_a_token_needs_no_csrf_token(client, acme, bob):
    with_token = client.at(acme).with_token(bob)
    with_token.handler.enforce_csrf_checks = True
    assert with_token.json("POST", "/api/v1/projects/", {"name": "Website"}).status_code == 201


@pytest.fixture
def change(acme, bob):
    """Change bob's membership in acme."""

    def change(**fields):
        with tenant_context(acme):
            Membership.objects.filter(user=bob).update(**fields)

    return change


def test_a_removed_members_session_and_token_end_at_once(client, acme, bob, change):
    session, token = client.as_(bob), client.at(acme).with_token(bob)
    change(ended_at=timezone.now())
    for_session, for_token = session.get("/api/v1/projects/"), token.get("/api/v1/projects/")
    assert (for_session.status_code, for_session.json()["code"]) == (401, "not_authenticated")
    assert (for_token.status_code, for_token.json()["code"]) == (403, "not_a_member")


def test_demoted_member_cannot_write(client, acme, bob, change):
    session, token = client.as_(bob), client.at(acme).with_token(bob)
    change(role="viewer")
    for place in (session, token):
        assert place.json("POST", "/api/v1/projects/", {"name": "Mine"}).status_code == 403
        assert place.get("/api/v1/projects/").status_code == 200


def test_a_session_of_another_account_is_no_credential(client, acme, globex, charlie):
    session = client.as_(charlie, at=acme)
    response = session.get("/api/v1/projects/", headers={"Host": "globex.localhost"})
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "PUT"])
@pytest.mark.parametrize("path", ["", "nope/", "projects", "tasks", "tasks/WEB-1", "auth/token", "tasks/x/y/", "%00/"])
def test_an_address_that_does_not_exist_is_not_found(client, bob, method, path):
    for place in (client, client.as_(bob)):
        response = place.json(method, f"/api/v1/{path}")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("path", ["nope/", "tasks"])
def test_unknown_path_answers_json_404_in_debug_mode(client, bob, settings, path):
    settings.DEBUG = True
    response = client.as_(bob).get(f"/api/v1/{path}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize(
    "name", ["x", "WEB-0", "WEB-01", "web-1", "WEB-99999999999", "WEB-1 ", "٣", "%00", "%FF", "-1", "1" * 500]
)
def test_invalid_id_is_not_found(client, bob, task, url, name):
    for method in ("GET", "PATCH"):
        response = client.as_(bob).json(method, f"{url}{name}/", {})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


# Methods -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", LISTS)
def test_put_is_not_allowed(client, bob, vera, url):
    for person in (bob, vera):
        for place in (url, f"{url}{uuid4()}/"):
            response = client.as_(person).json("PUT", place, {})
            assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "TRACE", "BREW"])
def test_lists_allow_only_get_and_post(client, bob, method):
    assert client.as_(bob).json(method, "/api/v1/tasks/").status_code == 405


@pytest.mark.parametrize("url", LISTS)
def test_options_returns_only_the_allowed_methods(client, bob, url):
    response = client.as_(bob).options(url)
    assert (response.status_code, response.content) == (204, b"")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("url", LISTS)
def test_head_returns_the_headers_of_get(client, bob, url):
    response = client.as_(bob).head(url)
    assert (response.status_code, response.content) == (200, b"")


# Parameters and fields ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", LISTS)
def test_an_unknown_query_parameter_is_refused_by_name(client, bob, url):
    response = client.as_(bob).get(f"{url}?colour=red&page_size=3")
    assert response.status_code == 400
    assert response.json() == {
        "code": "invalid",
        "detail": "The request is invalid.",
        "errors": {"colour": ["Unknown query parameter."]},
    }


def test_list_parameters_are_refused_elsewhere(client, bob, project):
    for method, url in (("GET", f"/api/v1/projects/{project.pk}/"), ("POST", "/api/v1/projects/")):
        response = client.as_(bob).json(method, f"{url}?page_size=5", {"name": "x"})
        assert set(response.json()["errors"]) == {"page_size"}


def test_an_unknown_field_is_refused_by_name_and_nothing_is_written(client, bob):
    response = client.as_(bob).json("POST", "/api/v1/projects/", {"name": "Website", "colour": "red"})
    assert (response.status_code, set(response.json()["errors"])) == (400, {"colour"})
    assert client.as_(bob).get("/api/v1/projects/").json()["results"] == []


@pytest.mark.parametrize("field", ["account", "account_id", "tenant", "tenant_id", "role", "last_task_number"])
@pytest.mark.parametrize("kind", ["project", "task", "subtask"])
def test_a_tenant_cannot_be_named_in_a_body(client, bob, globex, project, task, subtask, kind, field):
    row = {"project": project, "task": task, "subtask": subtask}[kind]
    response = client.as_(bob).json("PATCH", f"/api/v1/{kind}s/{row.pk}/", {field: str(globex.pk)})
    assert (response.status_code, set(response.json()["errors"])) == (400, {field})


# Entity tags -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["project", "task", "subtask"])
def test_details_carry_a_tag_that_changes_with_them(client, bob, project, task, subtask, kind):
    url = f"/api/v1/{kind}s/{({'project': project, 'task': task, 'subtask': subtask}[kind]).pk}/"
    field = "name" if kind == "project" else "title"
    before = client.as_(bob).get(url)["ETag"]
    assert before == client.as_(bob).get(url)["ETag"]
    written = client.as_(bob).json("PATCH", url, {field: "Something else"})["ETag"]
    assert before != written == client.as_(bob).get(url)["ETag"]


def test_a_task_has_another_tag_when_its_subtasks_change(client, bob, task):
    url = f"/api/v1/tasks/{task.pk}/"
    before = client.as_(bob).get(url)["ETag"]
    client.as_(bob).json("POST", "/api/v1/subtasks/", {"task": str(task.pk), "title": "One"})
    assert client.as_(bob).get(url)["ETag"] != before


def test_times_are_in_utc_in_every_time_zone(client, acme, bob, project):
    type(acme).objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    shown = client.as_(bob).get(f"/api/v1/projects/{project.pk}/").json()["created_at"]
    assert shown == project.created_at.isoformat().replace("+00:00", "Z")


def test_time_without_an_offset_is_read_as_utc(client, acme, bob, task):
    type(acme).objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    for moment, found in ((task.updated_at, 1), (task.updated_at + timedelta(seconds=1), 0)):
        text = moment.replace(tzinfo=None).isoformat()
        assert len(client.as_(bob).get("/api/v1/tasks/", {"updated_since": text}).json()["results"]) == found


def test_response_is_json_for_every_accept_header(client, bob):
    response = client.as_(bob).get("/api/v1/projects/", headers={"Accept": "text/html"})
    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content)["results"] == []


@pytest.mark.parametrize("method", ["PUT", "TRACE", "POST"])
def test_unknown_method_is_reported_before_other_errors(client, bob, method):
    response = client.as_(bob).generic(method, "/api/v1/search/?q=page&cursor=x")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
