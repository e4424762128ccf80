"""Log lines contain no secret of a URL, whichever logger writes them; `ip` is the address that limits use."""

import io
import json
import logging
import logging.config
from contextlib import contextmanager

import pytest
import structlog
import uvicorn
from django.conf import settings

from tests.isolation.routes import URLCONFS, routes

pytestmark = pytest.mark.django_db
CANARY = "1z-Qb7Xw0pJr5uVhD2kTgN8sLcYeMaZfOiRt4EyUqBxCv1"  # the form of a password link, which other routes accept too
# Such an argument takes an id, a key or a number, which is no credential; other text may be a secret.
NO_SECRET = {"UUIDConverter", "ProjectKeyConverter", "TaskKeyConverter", "PictureConverter", "IntConverter"}
TEXTS = {
    path
    for urlconf in URLCONFS
    for route in routes(urlconf)
    if (path := "/".join(CANARY if "<" in part else part for part in route.pattern.rstrip("$").split("/")))
    and any(converter not in NO_SECRET for _name, converter in route.arguments)
}


def named(path):
    """Return the id of a test, which is the same in every process."""
    return path.replace(CANARY, "SECRET").replace(" ", "-") or "root"


@contextmanager
def written():
    """Collect all log lines from INFO on, with the handler and the formatter of the settings."""
    handler = logging.getHandlerByName("console")
    text = io.StringIO()
    before, level = handler.setStream(text), logging.root.level
    logging.root.setLevel(logging.INFO)
    try:
        yield lambda: [json.loads(line) for line in text.getvalue().splitlines()]
    finally:
        logging.root.setLevel(level)
        handler.setStream(before)


@pytest.fixture
def lines():
    with written() as lines:
        yield lines


def test_routes_with_secrets_are_found():
    assert {f"invitations/{CANARY}/", f"auth/password/reset/key/{CANARY}/", f"auth/confirm-email/{CANARY}/"} <= TEXTS


@pytest.mark.parametrize(
    "path", sorted(TEXTS | {"auth/hand-over/", "auth/login/", "", CANARY, f"x {CANARY}/"}), ids=named
)
def test_log_lines_contain_no_secret_of_a_url(client, acme, lines, path):
    """On the correct host and others, mistyped or not, with every method, and in the query."""
    bodies = []
    for host in (None, acme):
        for url in (f"/{path}", f"/{path.rstrip('/')}", f"/{path}?token={CANARY}", f"/{path}?{CANARY}"):
            bodies += [client.at(host).generic(method, url).content.decode() for method in ("GET", "POST", "PUT")]
    written = lines()
    assert len(written) >= 2 * len(bodies)
    assert not [line for line in written if CANARY in json.dumps(line, ensure_ascii=False)]
    answers = [body for body in bodies if CANARY in body]
    assert not answers, answers[:1]


def test_known_path_segments_stay_in_the_log(client, acme, lines):
    client.at(acme).get("/api/v1/tasks/WEB-42/?search=x")
    client.at(acme).get("/api/v1/tasks/0199a3f1-9d5f-7574-a733-1dc7f5e1bdb0/subtasks/")
    requests = [line["request"] for line in lines() if line["event"] == "request_finished"]
    assert requests == [
        "GET /api/v1/tasks/WEB-42/?…",
        "GET /api/v1/tasks/0199a3f1-9d5f-7574-a733-1dc7f5e1bdb0/subtasks/",
    ]


def test_log_lines_of_the_web_server_contain_no_secret():
    """Uvicorn sets up handlers before it loads the application and its settings."""
    uvicorn.Config("config.asgi:application")
    logging.config.dictConfig(settings.LOGGING)
    with written() as lines:
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
            logger = logging.getLogger(name)
            assert not logger.handlers, name
            logger.info('%s - "WebSocket %s" [accepted]', "10.0.0.1:5", f"/api/?ticket={CANARY}")
            logger.info('%s - "%s %s HTTP/%s" %d', "10.0.0.1:5", "GET", f"/api/{CANARY}/", "1.1", 404)
        events = [line["event"] for line in lines()]
    assert len(events) == 4
    assert not [event for event in events if CANARY in event]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Connecting to redis://:pass@broker:6379/1 failed", "Connecting to redis://…@broker:6379/… failed"),
        ("see https://a.example/x?X-Amz-Signature=1.", "see https://a.example/…?…"),
        ('File "/srv/config/logs.py", line 3', 'File "/srv/config/logs.py", line 3'),
        ("either/or, 1/2", "either/or, 1/2"),
    ],
)
def test_error_texts_in_the_log_are_masked(lines, text, masked):
    structlog.get_logger("tests").warning("failed", error=text)
    (line,) = lines()
    assert line["error"] == masked


@pytest.mark.parametrize("trusted", [False, True])
def test_the_address_in_the_log_is_the_one_that_limits_use(client, acme, lines, settings, trusted):
    settings.TRUST_PROXY = trusted
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9:4711", "X-Real-IP": "198.51.100.2"}
    client.at(acme).get("/auth/login/", headers=headers)
    assert {line["ip"] for line in lines()} == {"203.0.113.9" if trusted else "127.0.0.1"}
