"""Settings come from the environment; what is missing or wrong stops the process with a message that names it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.connections import mailer
from config.environment import VARIABLES, document

ROOT = Path(__file__).resolve().parents[2]


def load(**environment):
    """Load the settings in a process of its own; return its exit code and the last line of what it says."""
    whole = {**os.environ, "SECRET_KEY": "x" * 32, **environment}
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env=whole,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr.strip().split("\n")[-1]


def test_right_ones_load():
    assert load(DEBUG="yes", PORT="8080", PUBLIC_URL="https://localhost") == (0, "")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///x"),
        ("DATABASE_URL", "postgres://host"),
        ("REDIS_URL", ""),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("DEBUG", "ture"),
        ("PORT", "http"),
        ("DATABASE_POOL_SIZE", "many"),
        ("PUBLIC_URL", "ftp://localhost"),
        ("PUBLIC_URL", "https://elsewhere.example"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://host:port"),
        ("EMAIL_URL", "dummymail://"),
        ("EMAIL_URL", "mailto:somebody"),
    ],
)
def test_a_wrong_one_stops_the_process_by_name(variable, value):
    code, message = load(**{variable: value})
    assert code == 1
    assert "ImproperlyConfigured" in message
    assert variable in message or "database URL" in message


def test_the_message_has_no_password_in_it():
    assert "hush" not in load(DATABASE_URL="mysql://somebody:hush@host/name")[1]


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


def connect_src(**environment):
    script = "from config.settings import SECURE_CSP; print(*SECURE_CSP['connect-src'])"
    whole = {**os.environ, **environment}
    return subprocess.check_output([sys.executable, "-c", script], env=whole, cwd=ROOT, text=True).strip()


@pytest.mark.parametrize(
    ("public", "origin"),
    [
        ("https://files.example.com", "https://files.example.com"),
        ("https://files.example.com:8443/base/", "https://files.example.com:8443"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_pages_may_connect_to_storage_where_browsers_upload_to_it_and_only_there(public, origin):
    assert connect_src(S3_PUBLIC_ENDPOINT_URL=public, S3_BROWSER_UPLOADS="1") == f"'self' {origin}"
    assert connect_src(S3_PUBLIC_ENDPOINT_URL=public, S3_BROWSER_UPLOADS="0") == "'self'"
    assert connect_src(S3_PUBLIC_ENDPOINT_URL=public) == "'self'"


@pytest.mark.parametrize(
    "public", ["files.example.com", "ftp://files", "https://", "https://x;script-src *", "http://a@b"]
)
def test_what_is_no_origin_does_not_get_into_the_policy(public):
    code, message = load(S3_PUBLIC_ENDPOINT_URL=public, S3_BROWSER_UPLOADS="1")
    assert (code, "S3_PUBLIC_ENDPOINT_URL" in message) == (1, True)
    assert load(S3_PUBLIC_ENDPOINT_URL=public, S3_BROWSER_UPLOADS="0") == (0, "")


# The broker, beside the cache


def broker(**environment):
    script = "from config.settings import CELERY; print(CELERY['broker_url'], CELERY['result_backend'])"
    whole = {**os.environ, "BROKER_URL": "", **environment}
    one, other = subprocess.check_output([sys.executable, "-c", script], env=whole, cwd=ROOT, text=True).split()
    assert one == other
    return one


@pytest.mark.parametrize(
    ("cache", "jobs"),
    [
        ("redis://:p%40ss@host:6379/0", "redis://:p%40ss@host:6379/1"),
        ("redis://host", "redis://host/1"),
        ("rediss://host:6380/7?ssl_cert_reqs=none", "rediss://host:6380/8?ssl_cert_reqs=none"),
    ],
)
def test_jobs_are_in_another_database_than_the_cache(cache, jobs):
    assert broker(REDIS_URL=cache) == jobs
    assert broker(REDIS_URL=cache, BROKER_URL="redis://broker/0") == "redis://broker/0"


@pytest.mark.parametrize(
    ("cache", "jobs"),
    [
        ("redis://host:6379/0", "redis://host"),
        ("redis://host/2", "redis://:secret@host:6379/2"),
        ("unix:///run/redis?db=0", ""),
    ],
)
def test_where_both_would_share_one_the_process_stops(cache, jobs):
    code, message = load(REDIS_URL=cache, BROKER_URL=jobs)
    assert (code, "BROKER_URL" in message, "secret" in message) == (1, True, False)


# Secrets that are published


PUBLIC = [{"PUBLIC_URL": "https://localhost"}, {"BASE_DOMAIN": "example.com"}]
TRIAL = {
    "SECRET_KEY": "no-secret-so-for-a-trial-on-one-machine-only",
    "SECRET_KEY_FALLBACKS": f"{'x' * 32},no-secret-so-for-a-trial-on-one-machine-only",
    "JWT_SIGNING_KEY": "no-secret-so-for-a-trial-on-one-machine-only",
    "S3_SECRET_KEY": "commonhold",
    "DATABASE_URL": "postgres://commonhold_app:app@db:5432/commonhold",
    "REDIS_URL": "redis://:cache@redis:6379/0",
    "BROKER_URL": "redis://:jobs@broker:6379/0",
}


@pytest.mark.parametrize("name", TRIAL)
def test_a_published_secret_is_refused_where_others_reach_it(name):
    for public in PUBLIC:
        code, message = load(**public, **{name: TRIAL[name]})
        assert (code, name in message) == (1, True), public


def test_on_this_machine_alone_it_is_accepted():
    assert load(**TRIAL) == (0, "")


def test_a_secret_of_ones_own_is_accepted_everywhere():
    for public in PUBLIC:
        assert load(**public) == (0, "")
