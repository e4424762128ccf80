"""Uploaded pictures use limited memory of the process; a refusal for lack of memory logs no error."""

import logging
import threading
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actions.pictures import LARGEST
from accounts.files import images
from accounts.files.images import TooManyImages
from accounts.rest import uploads
from accounts.rest.uploads import ROOM, ROOM_OF_TENANT, Room, room
from tests.accounts.test_pictures import AVATAR, avatar_of, picture, send

pytestmark = pytest.mark.django_db
FORM = "/settings/pictures/avatar/"


def test_picture_memory_is_limited_in_total_and_per_tenant(monkeypatch):
    monkeypatch.setattr(uploads, "ROOM", 100)
    monkeypatch.setattr(uploads, "ROOM_OF_TENANT", 50)
    room = Room()
    with room.keep("acme") as first, room.keep("acme") as second, room.keep("globex") as third:
        first.write(b"x" * 30)
        second.write(b"x" * 20)
        with pytest.raises(TooManyImages):
            second.write(b"x")
        third.write(b"x" * 49)
        with room.keep("initech") as fourth:
            fourth.write(b"x")
            with pytest.raises(TooManyImages):
                fourth.write(b"x")
        third.write(b"x")  # the memory of the fourth is free again
        assert (first.size, second.content, third.size) == (30, b"x" * 20, 50)
    assert room._held.total() == 0


def test_tenant_limit_allows_several_of_the_largest_pictures():
    assert ROOM_OF_TENANT >= 4 * LARGEST
    assert 2 * ROOM_OF_TENANT <= ROOM


def test_parallel_uploads_never_exceed_the_memory_limit(monkeypatch):
    monkeypatch.setattr(uploads, "ROOM", 50)
    monkeypatch.setattr(uploads, "ROOM_OF_TENANT", 50)
    room, sizes, all_have_tried = Room(), [], threading.Barrier(8)

    def write():
        with room.keep(1) as kept:
            with suppress(TooManyImages):
                for _ in range(10):
                    kept.write(b"x")
            sizes.append(kept.size)
            all_have_tried.wait()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sizes) == 50
    assert room._held.total() == 0


@pytest.fixture
def full(monkeypatch):
    """The memory limit leaves no room for a picture."""
    monkeypatch.setattr(uploads, "ROOM", 10)


@pytest.fixture
def busy(monkeypatch):
    """There is memory, but no free slot for decoding."""
    monkeypatch.setattr(images, "SLOTS", 0)
    monkeypatch.setattr(images, "MOST_WAITING", 0)


@pytest.mark.parametrize("state", ["full", "busy"])
def test_refused_picture_is_503_and_a_warning_without_a_traceback(request, state, client, acme, alice, caplog):
    request.getfixturevalue(state)
    with caplog.at_level(logging.DEBUG):
        response = send(client.as_(alice), AVATAR, picture())
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response["Retry-After"]
    assert_only_warned(caplog)
    assert avatar_of(alice, acme) == ""
    assert room._held.total() == 0


@pytest.mark.parametrize("state", ["full", "busy"])
def test_refused_picture_of_a_form_is_503_with_the_form_again(request, state, client, acme, alice, caplog):
    request.getfixturevalue(state)
    session = client.as_(alice)
    with caplog.at_level(logging.DEBUG):
        response = send_form(session, picture())
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "Try again in a few seconds" in response.content.decode()
    assert_only_warned(caplog)
    assert room._held.total() == 0


def send_form(session, content):
    return session.post(FORM, {"file": SimpleUploadedFile("picture.png", content, "image/png")})


def assert_only_warned(caplog):
    """Besides the log line for every 5xx response, without a traceback."""
    named = [record for record in caplog.records if "too_many_images" in record.getMessage()]
    assert [record.levelno for record in named] == [logging.WARNING]
    by_status = {"django.request", "django_structlog.middlewares.request"}
    assert {record.name for record in caplog.records if record.levelno >= logging.ERROR} <= by_status
    assert "Traceback" not in caplog.text


def test_memory_is_released_after_a_picture_and_after_a_refusal(client, alice):
    assert send(client.as_(alice), AVATAR, picture()).status_code == 204
    assert send(client.as_(alice), AVATAR, b"no picture").status_code == 400
    assert send_form(client.as_(alice), picture()).status_code == 302
    assert room._held.total() == 0
