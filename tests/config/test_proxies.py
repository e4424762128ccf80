"""The scheme by which a client came: that of a trusted proxy's `X-Forwarded-Proto`, or of the connection."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection

from config.proxies import TrustProxy
from config.trial import PUBLISHED
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
    assert ask(*values, path="/healthz") == "http"  # of a health check of the process itself
    settings.HTTPS = False  # nothing is redirected
    assert ask(*values) == "http"


def test_header_of_a_client_does_not_count_without_a_proxy(settings):
    settings.TRUST_PROXY, settings.HTTPS = False, True
    assert ask(b"https") == "http"


# A process with a reachable address refuses to start with the passwords of docker-compose.yml.
with_own_secrets = pytest.mark.skipif(
    any(urlsplit(os.environ[name]).password in PUBLISHED for name in ("DATABASE_URL", "REDIS_URL")),
    reason="the servers of the environment have published passwords",
)


@with_own_secrets
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


# Without a proxy ----------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate that signs itself, and return the variables that uvicorn reads for it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    (tmp_path / "certificate.pem").write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return {
        "UVICORN_SSL_CERTFILE": str(tmp_path / "certificate.pem"),
        "UVICORN_SSL_KEYFILE": str(tmp_path / "key.pem"),
    }


@with_own_secrets
@pytest.mark.django_db(transaction=True)
def test_web_process_with_a_certificate_serves_https_without_redirects(tmp_path, certificate):
    url, log = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"]), tmp_path / "web.log"
    variables = {"PUBLIC_URL": "https://localhost", "SERVES_TLS": "1", **certificate}
    with running_web_process(url, log, connections=2, **variables) as (address, _process):
        for _ in range(2):
            answer = httpx.get(
                f"{address}/auth/login/", headers={"Host": "localhost"}, timeout=120, trust_env=False, verify=False
            )
            assert answer.status_code == 200
            assert "__Host-csrftoken" in answer.cookies
    assert "Traceback" not in log.read_text()  # also when a client closes the connection
