"""The scheme by which a client came: that of `X-Forwarded-Proto`, from a proxy that is trusted."""

import asyncio
import os

import httpx
import pytest
from django.db import connection

from config.proxies import TrustProxy
from tests.isolation.live import running_web_process
from tests.pooler.pgbouncer import with_database


def ask(*values, kind="http", path="/"):
    """Send a request through the middleware; return the scheme that the application sees, or the status before it."""
    found = []

    async def application(scope, receive, send):
        found.append(scope["scheme"])

    async def send(message):
        found.append(message.get("status"))

    headers = [(b"host", b"localhost"), *((b"x-forwarded-proto", value) for value in values)]
    scope = {"type": kind, "path": path, "scheme": {"http": "http", "websocket": "ws"}[kind], "headers": headers}
    asyncio.run(TrustProxy(application)(scope, None, send))
    return found[0]


@pytest.fixture
def trusted(settings):
    settings.TRUST_PROXY = settings.HTTPS = True


@pytest.mark.parametrize(
    ("values", "scheme"),
    [
        ([b"https"], "https"),
        ([b"HTTPS"], "https"),
        ([b"https,http"], "https"),
        ([b" Https , http"], "https"),
        ([b"https", b"http"], "https"),
        ([b"http"], "http"),
        ([b"http, https"], "http"),
    ],
)
def test_first_scheme_counts_in_any_case(trusted, values, scheme):
    assert ask(*values) == scheme
    assert ask(*values, kind="websocket") == scheme.replace("http", "ws")


def test_sockets_may_be_named_by_their_own_scheme(trusted):
    assert ask(b"WSS", kind="websocket") == "wss"


@pytest.mark.parametrize("values", [[], [b""], [b"on"], [b"\xff"], [b",https"]])
def test_request_without_a_scheme_gets_an_explanation_instead_of_endless_redirects(trusted, settings, values):
    assert ask(*values) == 400
    assert ask(*values, path="/healthz") == "http"  # of who looks at the process itself
    settings.HTTPS = False  # nothing is redirected
    assert ask(*values) == "http"


def test_header_of_a_client_does_not_count_without_a_proxy(settings):
    settings.TRUST_PROXY, settings.HTTPS = False, True
    assert ask(b"https") == "http"


@pytest.mark.django_db(transaction=True)
def test_web_process_behind_a_proxy_redirects_http_and_serves_https(tmp_path):
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    variables = {"PUBLIC_URL": "https://localhost", "TRUST_PROXY": "1"}
    with (
        running_web_process(url, tmp_path / "web.log", connections=2, **variables) as (address, _process),
        httpx.Client(base_url=address, headers={"Host": "localhost"}, timeout=120, trust_env=False) as client,
    ):
        answers = {
            value: client.get("/auth/login/", headers={"X-Forwarded-Proto": value} if value else {})
            for value in ("HTTPS", "https,http", "http", "")
        }
        assert {value: answer.status_code for value, answer in answers.items()} == {
            "HTTPS": 200,
            "https,http": 200,
            "http": 301,
            "": 400,
        }
        assert answers["http"].headers["Location"] == "https://localhost/auth/login/"
        assert "X-Forwarded-Proto" in answers[""].text
        assert client.get("/readyz").status_code == 200
