"""Tenant resolution and URLs of tenants: hosts, domains, paths, headers, tokens."""

from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.urls import NoReverseMatch
from django.utils import timezone

from accounts.models import Domain
from tenancy.models import get_tenant_model
from tenancy.routing import (
    tenant_by_id,
    tenant_reverse,
)
from tenancy.tokens import issue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def get(client, host, path="/echo/", **headers):
    return client.get(path, HTTP_HOST=host, **headers)


KNOWN = {
    "acme.localhost": "acme",
    "acme.localhost:8000": "acme",
    "ACME.LocalHost": "acme",
    "acme.localhost.": "acme",
    "acme.localhost.:8000": "acme",
    "localhost": None,
    "LOCALHOST:1": None,
    "localhost.": None,
}


@pytest.mark.parametrize(("host", "tenant"), KNOWN.items())
def test_known_hosts_select_the_tenant(client, acme, host, tenant):
    response = get(client, host)
    assert (response.status_code, response.json()["tenant"]) == (200, tenant)


BAD = [
    "",
    " ",
    "acme.localhost, globex.localhost",
    "acme.localhost:",
    "acme.localhost:http",
    "acme.localhost:0",
    "acme.localhost:65536",
    "acme.localhost:123456",
    "acme.localhost:80:80",
    "acme..localhost",
    ".localhost",
    "-acme.localhost",
    "acme_.localhost",
    "acme.localhost/x",
    "acme.localhost\\x",
    "acme.localhost?x",
    "acme@localhost",
    "user:pass@acme.localhost",
    "acme.localhost\x00",
    "acme.localhost\n",
    "bücher.localhost",
    "b\xfccher.localhost",
    "[::1]",
    "%61cme.localhost",
    "*.localhost",
    "a" * 64 + ".localhost",
    "a" * 300,
    ("a" * 50 + ".") * 6 + "localhost",
]
UNKNOWN = [
    "absent.localhost",
    "a.acme.localhost",
    "acme.localhost.evil.example",
    "acmelocalhost",
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:8000",
    "xn--bcher-kva.localhost",
    "admin.localhost",
    "www.localhost",
    "a" * 63 + ".localhost",
]


@pytest.mark.parametrize("host", BAD)
def test_malformed_hosts_are_refused(client, acme, host):
    assert get(client, host).status_code == 400
    answer = get(client, host, "/api/v1/projects/")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_host")


@pytest.mark.parametrize("host", UNKNOWN)
def test_unknown_hosts_are_not_found(client, acme, host):
    assert get(client, host).status_code == 404
    answer = get(client, host, "/api/v1/projects/")
    assert (answer.status_code, answer.json()) == (
        404,
        {"code": "unknown_host", "detail": "There is no account at this address.", "errors": {}},
    )


def test_a_missing_host_never_falls_back_to_the_servers_name(acme):
    status = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/v1/projects/",
        "SERVER_NAME": "acme.localhost",
        "SERVER_PORT": "80",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = b"".join(WSGIHandler()(environ, lambda line, headers: status.append(line)))
    assert status == ["400 Bad Request"]
    assert b"bad_host" in body


@pytest.mark.parametrize(
    "header", ["HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_TENANT", "HTTP_X_ORIGINAL_HOST"]
)
def test_forwarding_headers_do_not_choose_the_tenant(client, acme, globex, header):
    response = get(client, "acme.localhost", **{header: "globex.localhost"})
    assert response.json()["tenant"] == "acme"
    assert get(client, "acme.localhost", "/absolute/", **{header: "globex"}).content == b"http://acme.localhost/"


def test_suspended_tenant_is_refused(client, acme):
    acme.suspended_at = "2026-01-01T00:00:00Z"
    acme.save()
    assert get(client, "acme.localhost").status_code == 403
    answer = get(client, "acme.localhost", "/api/v1/projects/")
    assert (answer.status_code, answer.json()["code"]) == (403, "account_suspended")


def test_the_health_checks_answer_on_every_host(client, acme):
    for host in ("acme.localhost", "absent.localhost", "", "bad host"):
        assert get(client, host, "/healthz").json() == {"status": "ok"}
        assert get(client, host, "/readyz").json()["parts"] == {"database": True, "cache": True}


# Domains of a tenant's own -----------------------------------------------------------------------------------------


def test_primary_domain_is_the_address_of_the_tenant(client, acme):
    Domain.objects.create(tenant=acme, host="tasks.acme.example", is_primary=True)
    assert get(client, "Tasks.Acme.Example:8000").json()["tenant"] == "acme"
    assert tenant_reverse("echo", tenant=acme) == "http://tasks.acme.example:8000/echo/"


def test_secondary_domain_redirects_to_the_primary_one(client, acme):
    Domain.objects.create(tenant=acme, host="tasks.acme.example", is_primary=True)
    Domain.objects.create(tenant=acme, host="old.acme.example")
    response = get(client, "old.acme.example", "/echo/?a=1")
    assert (response.status_code, response["Location"]) == (308, "http://tasks.acme.example:8000/echo/?a=1")


def test_a_domain_without_a_primary_one_redirects_to_the_subdomain(client, acme):
    Domain.objects.create(tenant=acme, host="old.acme.example")
    assert get(client, "old.acme.example")["Location"] == "http://acme.localhost:8000/echo/"


def test_subdomain_keeps_working_beside_a_primary_domain(client, acme):
    Domain.objects.create(tenant=acme, host="tasks.acme.example", is_primary=True)
    assert get(client, "acme.localhost").json()["tenant"] == "acme"


# Other ways to name a tenant ---------------------------------------------------------------------------------------


def test_path_routing_is_disabled_by_default(client, acme):
    assert get(client, "localhost", "/t/acme/echo/").status_code == 404


def test_a_path_names_the_tenant_and_links_keep_it(client, acme, globex, resolvers):
    resolvers("PathResolver", "HostResolver")
    for slug in ("acme", "globex"):
        assert get(client, "localhost", f"/t/{slug}/echo/").json() == {
            "tenant": slug,
            "path": f"/t/{slug}/echo/",
            "self": f"/t/{slug}/echo/",
        }
    assert get(client, "localhost").json() == {"tenant": None, "path": "/echo/", "self": "/echo/"}
    assert tenant_reverse("echo", tenant=acme) == "http://localhost:8000/t/acme/echo/"


def test_path_of_an_unknown_tenant_is_not_found(client, acme, resolvers):
    resolvers("PathResolver", "HostResolver")
    for path in ("/t/absent/echo/", "/t/ACME/echo/", "/t/acme", "/t//echo/", "/t/../echo/"):
        assert get(client, "localhost", path).status_code == 404


def test_refusal_of_an_api_path_is_answered_in_json(client, acme, resolvers):
    resolvers("PathResolver", "HostResolver")
    answer = get(client, "localhost", "/t/absent/api/v1/projects/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    assert answer.json()["code"] == "unknown_host"


@pytest.mark.parametrize(
    "path", ["/echo/", "/echo/?a=1&b=%2F", "/api/v1/projects/?x=%0D%0AX: y", "//evil.example/", "/%0a"]
)
def test_a_former_name_in_a_path_leads_to_the_new_one(client, acme, resolvers, path):
    resolvers("PathResolver", "HostResolver")
    Domain.objects.create(tenant=acme, host="old.localhost")
    for send in (client.get, client.post):
        answer = send(f"/t/old{path}", HTTP_HOST="localhost:8000")
        assert (answer.status_code, answer["Cache-Control"]) == (308, "no-cache")
        assert answer["Location"].upper() == f"/t/acme{path}".replace(" ", "%20").upper()


def test_former_slug_in_a_path_works_on_the_public_host_only(client, acme, globex, resolvers):
    Domain.objects.create(tenant=acme, host="old.localhost")
    assert get(client, "localhost", "/t/old/echo/").status_code == 404  # it is off
    resolvers("PathResolver", "HostResolver")
    assert get(client, "globex.localhost", "/t/old/echo/").status_code == 404


def test_path_prefix_on_a_tenant_host_selects_no_tenant(client, acme, globex, resolvers):
    resolvers("PathResolver", "HostResolver")
    assert get(client, "acme.localhost", "/t/globex/echo/").status_code == 404


def test_a_header_names_the_tenant_where_it_is_switched_on(client, acme, globex, resolvers):
    assert get(client, "localhost", HTTP_X_TENANT="acme").json()["tenant"] is None
    resolvers("HostResolver", "HeaderResolver")
    for slug in ("acme", "globex"):
        assert get(client, "localhost", HTTP_X_TENANT=slug).json()["tenant"] == slug
    assert get(client, "localhost").json()["tenant"] is None
    for slug in ("unknown", "", "ACME", "a\x00b", "x" * 300):
        assert get(client, "localhost", HTTP_X_TENANT=slug).status_code == 404


@pytest.mark.parametrize("path", ["/echo/", "/api/v1/projects/"])
def test_a_former_name_in_the_header_is_answered_with_the_new_one(client, acme, resolvers, path):
    Domain.objects.create(tenant=acme, host="old.localhost")
    assert "X-Tenant" not in get(client, "localhost", path, HTTP_X_TENANT="old")  # it is off
    resolvers("HostResolver", "HeaderResolver")
    answer = get(client, "localhost", path, HTTP_X_TENANT="old")
    assert (answer.status_code, answer["X-Tenant"]) == (404, "acme")
    assert "X-Tenant" not in get(client, "localhost", path, HTTP_X_TENANT="absent")
    if path.startswith("/api/"):
        assert answer.json() == {
            "code": "unknown_host",
            "detail": "This account has another name now. Send `X-Tenant: acme`.",
            "errors": {},
        }


def test_conflicting_tenants_are_refused(client, acme, globex, resolvers):
    resolvers("HostResolver", "HeaderResolver")
    assert get(client, "acme.localhost", HTTP_X_TENANT="globex").status_code == 403
    answer = get(client, "acme.localhost", "/api/v1/projects/", HTTP_X_TENANT="globex")
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_mismatch")
    assert get(client, "acme.localhost", HTTP_X_TENANT="acme").json()["tenant"] == "acme"


def test_a_token_names_the_tenant_on_the_public_host_and_must_agree_elsewhere(client, acme, globex, bob):
    access, _ = issue(user_id=bob.pk, tenant=acme)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {access}"}
    assert get(client, "localhost", **bearer).json()["tenant"] == "acme"
    assert get(client, "acme.localhost", **bearer).json()["tenant"] == "acme"
    assert get(client, "globex.localhost", **bearer).status_code == 403


@pytest.mark.parametrize("spoil", [lambda token: token[:-2] + "xx", lambda token: "x", lambda token: ""])
def test_token_with_a_bad_signature_chooses_no_tenant(client, acme, bob, spoil):
    access, refresh = issue(user_id=bob.pk, tenant=acme)
    assert get(client, "localhost", HTTP_AUTHORIZATION=f"Bearer {spoil(access)}").json()["tenant"] is None
    assert get(client, "localhost", HTTP_AUTHORIZATION=f"Bearer {refresh}").json()["tenant"] is None


# URLs --------------------------------------------------------------------------------------------------------------


def test_tenant_reverse_uses_scheme_port_and_variant(acme, site):
    site.PUBLIC_URL = "https://example.com"
    assert tenant_reverse("echo", tenant=acme) == "https://acme.localhost/echo/"
    with pytest.raises(NoReverseMatch):
        tenant_reverse("nothing", tenant=acme)


def test_tenant_reverse_inside_a_request_by_path(client, acme, globex, resolvers, monkeypatch):
    resolvers("PathResolver", "HostResolver")
    seen = []
    monkeypatch.setattr("tests.tenancy.site.reverse", lambda name: seen.append(tenant_reverse(name, tenant=globex)))
    get(client, "localhost", "/t/acme/echo/")
    assert seen == ["http://localhost:8000/t/globex/echo/"]


def test_a_tenant_from_the_cache_is_the_one_in_the_database(acme):
    acme.suspended_at, acme.time_zone, acme.name = timezone.now(), "Europe/Vienna", "Ünïcode \x85 “quoted”"
    acme.accent_hue, acme.media_access = 210, "proxied"
    acme.save()
    first, second = tenant_by_id(acme.pk), tenant_by_id(acme.pk)
    stored = get_tenant_model().objects.get(pk=acme.pk)
    for field in stored._meta.concrete_fields:
        expected = field.value_from_object(stored)
        assert field.value_from_object(first) == field.value_from_object(second) == expected
        assert type(field.value_from_object(second)) is type(expected)
