"""The health of a worker is a file that it touches, because workers accept no remote control through the broker."""

import os
import socket
from types import SimpleNamespace
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings as django_settings
from redis import Redis

from config.heartbeat import SECONDS, Heartbeat


@pytest.fixture
def file(tmp_path, settings):
    settings.HEARTBEAT_FILE = str(tmp_path / "heartbeat")
    return tmp_path / "heartbeat"


@pytest.fixture
def closed():
    """The URL of a broker that does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return f"redis://127.0.0.1:{port}/0"


class Timer:
    """The timer of a worker's event loop, which a test advances itself."""

    def __init__(self):
        self.entries = []

    def call_repeatedly(self, seconds, call):
        entry = SimpleNamespace(seconds=seconds, call=call, cancel=lambda: self.entries.remove(entry))
        self.entries.append(entry)
        return entry


def test_heartbeat_file_is_touched_while_the_worker_is_connected(file):
    parent = SimpleNamespace(timer=Timer())
    step = Heartbeat(parent)
    step.start(parent)
    assert file.exists()
    (entry,) = parent.timer.entries
    file.unlink()
    entry.call()
    assert file.exists()
    assert entry.seconds == SECONDS
    step.stop(parent)  # Celery does this when the connection is lost
    assert not parent.timer.entries


def test_heartbeat_file_is_not_touched_while_the_broker_is_unavailable(file, settings, closed):
    settings.CELERY = {**settings.CELERY, "broker_url": closed}
    parent = SimpleNamespace(timer=Timer())
    Heartbeat(parent).start(parent)
    assert not file.exists()
    assert parent.timer.entries  # it may answer later


def test_worker_has_the_heartbeat_step_if_it_is_configured(file, settings):
    assert Heartbeat in current_app.steps["consumer"]
    assert Heartbeat(SimpleNamespace()).include_if(None)
    settings.HEARTBEAT_FILE = ""
    assert not Heartbeat(SimpleNamespace()).include_if(None)


def test_ready_worker_touches_heartbeat_and_has_no_remote_control(jobs, tmp_path):
    prefix = f"{uuid4().hex}:"
    jobs.worker(HEARTBEAT_FILE=str(tmp_path / "heartbeat"), BROKER_PREFIX=prefix)
    assert (tmp_path / "heartbeat").exists()
    with Redis.from_url(django_settings.CELERY["broker_url"]) as broker:
        bindings = {key.decode() for key in broker.scan_iter(f"{prefix}_kombu.binding.*")}
        channels = [name for name in broker.pubsub_channels() if b"pidbox" in name and prefix.encode() in name]
    assert bindings == {f"{prefix}_kombu.binding.commonhold"}
    assert not channels


def test_worker_without_a_broker_does_not_touch_heartbeat(jobs, tmp_path, closed):
    environment = {"HEARTBEAT_FILE": str(tmp_path / "heartbeat"), "BROKER_URL": closed}
    jobs._start(["-m", "celery", "-A", "config.celery", "worker", "--loglevel", "INFO"], environment)
    jobs.wait_for(lambda: jobs.said().count("Cannot connect to") > 1, "two attempts to connect")
    assert not (tmp_path / "heartbeat").exists()


def test_celery_configuration_contains_no_secret_of_another_server():
    """The configuration is in the process and in the output of `celery report` and `inspect conf`."""
    known = repr(dict(current_app.conf)) + current_app.bugreport()
    secrets = {os.environ[name] for name in os.environ if name.startswith("DATABASE_") and name.endswith("_URL")}
    options = django_settings.STORAGES["default"]["OPTIONS"]
    secrets |= {django_settings.SECRET_KEY, options["secret_key"], django_settings.SIMPLE_JWT["SIGNING_KEY"]}
    assert len(secrets) >= 4
    assert not [secret for secret in secrets if secret in known]
    assert not [name for name in dict(current_app.conf) if name.isupper()]
