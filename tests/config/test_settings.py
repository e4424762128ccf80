"""Settings come from the environment; a missing or invalid one stops the process with a message that names it."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.connections import mailer
from config.environment import VARIABLES, document, read
from tenancy.routing import check_resolvers, forget_resolvers

# Unpublished secrets. Those of the environment can be the defaults of docker-compose.yml.
OWN = {
    "SECRET_KEY": "x" * 32,
    "SECRET_KEY_FALLBACKS": "",
    "JWT_SIGNING_KEY": "",
    "S3_SECRET_KEY": "y" * 32,
    "DATABASE_URL": "postgres://commonhold_app:own@127.0.0.1:1/commonhold",
    "DATABASE_OWNER_URL": "postgres://commonhold_owner:own@127.0.0.1:1/commonhold",
    "DATABASE_OPERATOR_URL": "postgres://commonhold_operator:own@127.0.0.1:1/commonhold",
    "REDIS_URL": "redis://:own@127.0.0.1:1/0",
    "BROKER_URL": "",
}

ROOT = Path(__file__).resolve().parents[2]
REMEDY = re.compile(r"\b(?:Use|Name|Set|choose|looks like|It must not|is not (?:1 or 0|a whole number|a list of))\b")
NO_DATABASE = [
    "sqlite:///x",
    "postgres://host",
    "postgres://u:hush@h:port/x",
    "postgres://u@h/x?sslmod=require",
    "nonsense",
]
NO_REDIS = ["http://:hush@host", "redis://host/zero", "host:6379", "redis://host?db=x", "redis://host?nonsense=1"]
NO_ORIGIN = ["files.example.com", "ftp://files", "https://", "https://x;script-src *", "http://a:hush@b", "http://a?b"]
INVALID = {
    "SECRET_KEY": ["hush"],
    "SECRET_KEY_FALLBACKS": [f"{'x' * 32},hush"],
    "DEBUG": ["ture", "2"],
    "LOG_LEVEL": ["LOUD", "info"],
    "WEB_CONCURRENCY": ["0", "65", "two"],
    "BASE_DOMAIN": ["https://localhost", "localhost:8000", "localhost/x", "a b", "-a.example", "a_b.example"],
    "PORT": ["http", "0", "65536", "80.5"],
    "PUBLIC_URL": [
        *("localhost", "//localhost", "http:localhost", "ftp://localhost", "http://", "https://elsewhere.example"),
        *("http://localhost/app", "http://localhost:8000/app/", "http://localhost//", "http://localhost?x=1"),
        *("http://localhost/#top", "http://user:hush@localhost", "http://localhost:port", "http://localhost:99999"),
        *("http://localhost:0", "http://localhost:", "http://loc alhost", "https://localhost", "HTTPS://localhost"),
    ],
    "TRUST_PROXY": ["yes, please"],
    "SERVES_TLS": ["tls", "1"],
    "STATIC_COLLECTED": ["2"],
    "TENANCY_RESOLVERS": [",", "HostResolver", "tenancy/routing.HostResolver"],
    "DATABASE_URL": NO_DATABASE,
    "DATABASE_OWNER_URL": NO_DATABASE,
    "DATABASE_OPERATOR_URL": NO_DATABASE,
    "DATABASE_POOL_SIZE": ["many", "-1"],
    "DATABASE_POOL_SECONDS": ["5s", "0"],
    "DB_ROLE_PREFIX": ["Common-Hold", "x" * 60],
    "REDIS_URL": NO_REDIS,
    "BROKER_URL": [*NO_REDIS, "amqp://host", OWN["REDIS_URL"]],
    "BROKER_PREFIX": ["two words"],
    "JOB_SECONDS": ["0", "1h"],
    "JOBS_PER_TENANT": ["0"],
    "HEARTBEAT_FILE": ["/nowhere/at/all", "/tmp"],
    "METRICS_PORT": ["-1", "metrics"],
    "METRICS_ADDRESS": ["everywhere"],
    "API_RATE_LIMITS": ["none"],
    "EMAIL_URL": ["smtp://", "smtp://u:hu/sh@host:587", "dummymail://", "mailto:user"],
    "MAIL_FOLDER": [__file__],
    "EMAIL_FROM": ["no address", "a@example.com\nBcc: b@example.com"],
    "JWT_SIGNING_KEY": ["hush"],
    "S3_ENDPOINT_URL": NO_ORIGIN,
    "S3_PUBLIC_ENDPOINT_URL": NO_ORIGIN,
    "S3_BUCKET": ["a b", "ab"],
    "S3_ACCESS_KEY": ["a b"],
    "S3_SECRET_KEY": ["hush hush"],
    "S3_REGION": ["us east"],
    "S3_BROWSER_UPLOADS": ["cors"],
    "REQUIRE": ["pgbounser"],
    "DEMO": ["off-line"],
    "DATA_DIR": [__file__],
    "EMBEDDED_FSYNC": ["never"],
}


@pytest.fixture
def load(monkeypatch):
    """Load the settings again with other variables, and return them. Raises ImproperlyConfigured."""
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)

    def load(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config/settings.py"))

    return load


def message_of(load, **environment):
    """Return the reason why the settings are refused, "" if they are valid."""
    try:
        load(**environment)
    except ImproperlyConfigured as error:
        return str(error)
    return ""


def test_valid_settings_load(load):
    found = load(DEBUG="Yes", PORT="8080", PUBLIC_URL="https://LOCALHOST:8443/", TRUST_PROXY="1", EMAIL_URL="")
    assert (found["DEBUG"], found["PUBLIC_URL"], found["HTTPS"]) == (True, "https://localhost:8443", True)
    assert load(PUBLIC_URL="", DEBUG="", PORT="", TRUST_PROXY="")["PUBLIC_URL"] == "http://localhost:8000"


def test_each_variable_has_an_invalid_value():
    assert set(INVALID) == set(VARIABLES)


@pytest.mark.parametrize(
    ("variable", "value"), [(name, value) for name, values in INVALID.items() for value in values]
)
def test_invalid_setting_is_refused_with_its_name_and_the_remedy(load, variable, value):
    message = message_of(load, **{variable: value})
    assert message.startswith(variable)
    assert REMEDY.search(message)
    assert not re.search("hush|hu/sh", message)


@pytest.mark.parametrize("variable", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL", "S3_BUCKET"])
def test_missing_required_setting_is_named(load, variable):
    assert message_of(load, **{variable: ""}).startswith(f"{variable} is not set. Set it")


@pytest.mark.parametrize("path", ["tenancy.routing.Nothing", "nowhere.Resolver", "tenancy.routing.resolve"])
def test_resolvers_that_cannot_be_loaded_are_refused_before_the_first_request(settings, path):
    settings.TENANCY = {**settings.TENANCY, "RESOLVERS": [path]}
    forget_resolvers()
    try:
        with pytest.raises(ImproperlyConfigured, match=f"TENANCY_RESOLVERS: '{path}'.* Name classes such as"):
            check_resolvers()
    finally:
        settings.TENANCY = {**settings.TENANCY, "RESOLVERS": read("TENANCY_RESOLVERS")}
        forget_resolvers()


@pytest.mark.parametrize("value", ["$HOME", "$", "a$b", "p%40ss"])
def test_password_is_taken_as_it_is(load, value):
    """A library would replace `$HOME` with another variable, and an unknown name with an empty password."""
    assert load(S3_SECRET_KEY=value)["STORAGES"]["default"]["OPTIONS"]["secret_key"] == value


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "uvicorn", "config.asgi:application"]])
def test_process_ends_with_the_message_and_without_a_traceback(command):
    environment = {**os.environ, "PUBLIC_URL": "https://localhost", "TRUST_PROXY": "0"}
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (
        "Not started. PUBLIC_URL: 'https://localhost' is https, and neither TRUST_PROXY nor SERVES_TLS" in done.stderr
    )
    assert "Set TRUST_PROXY=1 behind a proxy" in done.stderr


def test_mail_is_sent_as_the_url_says():
    printed = {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    assert mailer("consolemail://") == printed
    assert mailer("smtp+tls://post%40example.com:a%2Fb@mail.example.com:587") == {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": "mail.example.com",
            "port": 587,
            "username": "post@example.com",
            "password": "a/b",
            "use_tls": True,
            "timeout": 10,
        },
    }


def test_the_page_is_up_to_date():
    assert (ROOT / "docs/settings.md").read_text() == "\n".join(document()) + "\n"


def test_the_table_has_every_variable_that_the_code_reads():
    read = set()
    for path in (ROOT / "config").rglob("*.py"):
        read |= set(re.findall(r'(?:read|read_required|environ\.get)\(\s*"([A-Z][A-Z0-9_]+)"', path.read_text()))
    assert read <= set(VARIABLES)


@pytest.mark.parametrize(
    ("public", "origin"),
    [
        ("https://files.example.com", "https://files.example.com"),
        ("https://files.example.com:8443/base/", "https://files.example.com:8443"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://s3_server:9000", "http://s3_server:9000"),
    ],
)
def test_csp_allows_storage_only_for_direct_uploads(load, public, origin):
    def connect_src(**environment):
        return " ".join(load(S3_PUBLIC_ENDPOINT_URL=public, **environment)["SECURE_CSP"]["connect-src"])

    assert connect_src() == "'self'"
    assert connect_src(S3_BROWSER_UPLOADS="1") == f"'self' {origin}"
    assert connect_src(S3_BROWSER_UPLOADS="0") == "'self'"


# The broker, beside the cache


def broker(load, **environment):
    found = load(**{"BROKER_URL": "", **environment})["CELERY"]
    assert found["broker_url"] == found["result_backend"]
    return found["broker_url"]


@pytest.mark.parametrize(
    ("cache", "jobs"),
    [
        ("redis://:p%40ss@host:6379/0", "redis://:p%40ss@host:6379/1"),
        ("redis://host", "redis://host/1"),
        ("rediss://host:6380/7?ssl_cert_reqs=none", "rediss://host:6380/8?ssl_cert_reqs=none"),
    ],
)
def test_jobs_are_in_another_database_than_the_cache(load, cache, jobs):
    assert broker(load, REDIS_URL=cache) == jobs
    assert broker(load, REDIS_URL=cache, BROKER_URL="redis://broker/0") == "redis://broker/0"


@pytest.mark.parametrize(
    ("cache", "jobs"),
    [
        ("redis://host:6379/0", "redis://host"),
        ("redis://host/2", "redis://:secret@host:6379/2"),
        ("unix:///run/redis?db=0", ""),
    ],
)
def test_cache_and_broker_sharing_one_database_is_refused(load, cache, jobs):
    message = message_of(load, REDIS_URL=cache, BROKER_URL=jobs)
    assert message.startswith("BROKER_URL")
    assert "secret" not in message


# Secrets that are published


PUBLIC = [{"PUBLIC_URL": "https://localhost", "TRUST_PROXY": "1"}, {"BASE_DOMAIN": "example.com", "PUBLIC_URL": ""}]
TRIAL = {
    "SECRET_KEY": "no-secret-so-for-a-trial-on-one-machine-only",
    "SECRET_KEY_FALLBACKS": f"{'x' * 32},no-secret-so-for-a-trial-on-one-machine-only",
    "JWT_SIGNING_KEY": "no-secret-so-for-a-trial-on-one-machine-only",
    "S3_SECRET_KEY": "no-secret-of-s3",
    "DATABASE_URL": "postgres://commonhold_app:app@db:5432/commonhold",
    "REDIS_URL": "redis://:cache@redis:6379/0",
    "BROKER_URL": "redis://:jobs@broker:6379/0",
}


@pytest.mark.parametrize("name", TRIAL)
@pytest.mark.parametrize("public", PUBLIC)
def test_published_secret_is_refused_on_reachable_hosts(load, name, public):
    assert message_of(load, **public, **{name: TRIAL[name]}).startswith(f"{name} has a value that is published")


def test_published_secret_is_accepted_on_localhost(load):
    assert message_of(load, **TRIAL) == ""


@pytest.mark.parametrize("public", PUBLIC)
def test_other_secret_is_accepted_everywhere(load, public):
    assert message_of(load, **public) == ""
