"""An attacker with write access to Redis alone cannot make the application load a pickle."""

import os
import pickle
import re

import pytest
from celery import current_app
from django.conf import settings
from django.core.cache import cache, caches
from kombu.exceptions import ContentDisallowed, DecodeError

from accounts.live.visitors import OpenSockets
from tenancy import routing
from tenancy.context import tenant_context
from tests.accounts.authentication import LOG_IN, code_of, give_app, log_in
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db
UNREADABLE = {"empty": b"", "binary": b"\x80\xff\xfe", "half": b"{", "deep": b"[" * 100_000, "constant": b"NaN"}


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture(autouse=True)
def _every_read_asks_redis(monkeypatch):
    """Not what the process has read before."""
    monkeypatch.setattr(routing.in_process, "seconds", 0)


@pytest.fixture
def bomb(tmp_path):
    """A pickle that creates a folder, which must not exist at the end of the test."""
    folder = tmp_path / "code-was-run"
    yield pickle.dumps(Bomb(folder))
    assert not folder.exists(), "A pickle was loaded."


def keys():
    client = cache._cache.get_client(None, write=True)
    return client, list(client.scan_iter(match=f"{cache.key_prefix}:*"))


def put_everywhere(content):
    """Replace every value of the cache, of any type, with `content`, and return the keys."""
    client, found = keys()
    for key in found:
        match client.type(key):
            case b"string":
                client.set(key, content, keepttl=True)
            case b"hash":
                for part in client.hkeys(key):
                    client.hset(key, part, content)
            case other:
                pytest.fail(f"{key} is a {other}: put a pickle into it here.")
    return [key.decode() for key in found]


def kinds(found):
    """Return the kinds of the keys, without ids and hashes."""
    return {re.sub(r"[0-9a-f-]{16,}|\d{5,}", "…", key.split(":", 3 if ":public:" in key else 4)[-1]) for key in found}


def use_everything(client, acme, alice, bob, charlie):
    """Call every feature that uses the cache, and return the responses."""
    public = client.at(None)
    public.log_in(charlie)
    challenge = client.at(acme).get("/auth/enter/")["Location"]
    over = public.post("/auth/hand-over/?" + challenge.partition("?")[2])
    answers = [
        log_in(client.at(acme), alice, password="wrong"),
        client.at(acme).post("/auth/password/reset/", {"email": alice.email}),
        client.at(acme).with_token(bob).get("/api/v1/projects/"),
        client.as_(alice).get("/"),
        client.get("/readyz"),
        over,
    ]
    sockets = OpenSockets()
    with tenant_context(acme):
        sockets.enter()
    return [answer.status_code for answer in answers]


def test_a_pickle_in_any_key_is_not_loaded(client, acme, alice, bob, charlie, bomb):
    session = client.as_(bob)
    give_app(session, bob)
    people = (client, acme, alice, bob, charlie)
    before = use_everything(*people)
    found = kinds(put_everywhere(bomb))
    for kind in (
        "allauth:rl:",
        "allauth.mfa.totp",
        "api-requests:user",
        "tenant:slug:",
        "tenant:primary:",
        "login:",
        "open-sockets",
    ):
        assert any(each.startswith(kind) for each in found), (kind, found)
    assert use_everything(*people) == before
    put_everywhere(bomb)
    log_in(client.at(acme), bob, password="wrong")
    assert client.at(acme).post(LOG_IN, {"login": bob.email, "password": "x", "code": code_of(bob)}).status_code < 500


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_value_that_is_damaged_is_a_miss(client, acme, alice, bob, charlie, content):
    people = (client, acme, alice, bob, charlie)
    before = use_everything(*people)
    put_everywhere(content)
    assert use_everything(*people) == before


def test_login_handoff_ignores_a_pickle(client, acme, bomb):
    caches["default"].set("login:hand-over:x", 1)
    put_everywhere(bomb)
    assert caches["default"].take("login:hand-over:x") is None


def test_cache_refuses_values_that_need_pickle(acme):
    for value in (acme, {1, 2}, b"bytes", object()):
        with pytest.raises(TypeError):
            cache.set("key", value)


def test_settings_cannot_enable_pickle(settings, tmp_path, bomb):
    options = {
        **settings.CACHES["default"]["OPTIONS"],
        "serializer": "django.core.cache.backends.redis.RedisSerializer",
    }
    settings.CACHES = {"default": {**settings.CACHES["default"], "OPTIONS": options}}
    cache.set("key", "value")
    put_everywhere(bomb)
    assert cache.get("key", "nothing") == "nothing"
    assert list(tmp_path.iterdir()) == []


def test_sessions_are_not_in_the_cache():
    assert settings.SESSION_ENGINE == "accounts.session_store"
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
    assert "cache" not in settings.MESSAGE_STORAGE


# Celery ------------------------------------------------------------------------------------------------------------


def test_celery_accepts_json_only():
    conf = current_app.conf
    serializers = {conf.task_serializer, conf.result_serializer, conf.event_serializer}
    assert (list(conf.accept_content), list(conf.result_accept_content), serializers) == (["json"], ["json"], {"json"})
    with current_app.connection_for_read() as connection, connection.channel() as channel:
        assert current_app.amqp.TaskConsumer(channel).accept == {"application/json"}


def test_a_pickle_on_the_queue_is_not_loaded(bomb):
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        queue = connection.SimpleQueue("poisoned", queue_opts={"durable": False}, channel=channel)
        queue.consumer.accept = current_app.amqp.TaskConsumer(channel).accept
        queue.producer.publish(bomb, content_type="application/x-python-serialize", content_encoding="binary")
        with pytest.raises(ContentDisallowed):
            queue.get(timeout=PATIENCE)
        queue.close()


def test_a_pickle_as_a_result_is_not_loaded(bomb):
    backend = current_app.backend
    backend.client.set(backend.get_key_for_task("poisoned"), bomb, ex=60)
    with pytest.raises(DecodeError):
        backend.get_task_meta("poisoned")
