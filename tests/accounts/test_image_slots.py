"""Limits of picture decoding: slots and memory of the process, since small files can have many pixels."""

import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from accounts.files import images
from accounts.files.images import MEMORY, NotAnImage, TooManyImages, shrink
from tenancy.context import tenant_context
from tests.accounts.files.clients import keys_of
from tests.accounts.test_pictures import AVATAR, picture, send
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db
MEGABYTE = 2**20


class Decoder:
    """Replaces the decoder and blocks until it is opened; `most` is the largest number of parallel calls."""

    def __init__(self):
        self.inside, self.most = Counter(), Counter()
        self._changed, self._open = threading.Condition(), threading.Event()

    def __call__(self, content, pixels, square):
        with self._changed:
            self.inside[content] += 1
            self.most |= self.inside
            self.most["all"] = max(self.most["all"], self.inside.total())
            self._changed.notify_all()
        assert self._open.wait(PATIENCE)
        with self._changed:
            self.inside[content] -= 1
        return b"made"

    def wait_for(self, condition):
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.inside), PATIENCE)

    def open(self):
        self._open.set()


@pytest.fixture
def decoder(monkeypatch):
    decoder = Decoder()
    monkeypatch.setattr(images, "_make", decoder)
    monkeypatch.setattr(images, "WAIT_SECONDS", PATIENCE)
    yield decoder
    decoder.open()


@contextmanager
def in_threads(*calls):
    """Call functions in separate threads; yield the list of their results and exceptions."""
    results = []

    def run(call):
        try:
            results.append(call())
        except TooManyImages as error:
            results.append(type(error))

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    try:
        yield results
    finally:
        for thread in threads:
            thread.join()


def shrinking(tenant):
    def call():
        with tenant_context(tenant):
            return shrink(tenant.slug.encode(), 100)

    return call


def waiting():
    return images.slots._waiting


def wait_until(condition):
    clock = threading.Event()
    for _ in range(int(PATIENCE * 200)):
        if condition():
            return
        clock.wait(0.005)
    pytest.fail("It did not happen.")


def until_some_wait(number):
    wait_until(lambda: waiting() == number)


def test_one_tenant_uses_one_slot_and_leaves_another_to_others(acme, globex, decoder):
    with in_threads(shrinking(acme), shrinking(acme), shrinking(globex)) as results:
        decoder.wait_for(lambda inside: inside == {b"acme": 1, b"globex": 1})
        until_some_wait(1)
        decoder.open()
    assert results == [b"made"] * 3
    assert decoder.most == {b"acme": 1, b"globex": 1, "all": images.SLOTS}


def test_requests_beyond_the_queue_are_refused_immediately(acme, globex, decoder):
    with in_threads(*[shrinking(acme)] * (1 + images.MOST_WAITING)) as results:
        until_some_wait(images.MOST_WAITING)
        with pytest.raises(TooManyImages):
            shrinking(acme)()
        with in_threads(shrinking(globex)):  # there is a slot for it
            decoder.wait_for(lambda inside: inside[b"globex"] == 1)
            decoder.open()
    assert results == [b"made"] * (1 + images.MOST_WAITING)
    assert waiting() == images.slots._held.total() == 0


def test_waiting_for_a_slot_times_out(acme, decoder, monkeypatch):
    monkeypatch.setattr(images, "WAIT_SECONDS", 0.01)
    with in_threads(shrinking(acme)):
        decoder.wait_for(lambda inside: inside[b"acme"] == 1)
        with pytest.raises(TooManyImages):
            shrinking(acme)()
        decoder.open()
    assert waiting() == 0


def test_slot_is_released_after_an_error(acme):
    for _ in range(images.SLOTS + 1):
        with tenant_context(acme), suppress(NotAnImage):
            shrink(b"nonsense", 100)
    assert images.slots._held.total() == 0


def test_missing_slot_is_503_with_retry_after_in_api_and_page(client, acme, alice, monkeypatch):
    monkeypatch.setattr(images, "SLOTS", 0)
    monkeypatch.setattr(images, "WAIT_SECONDS", 0.01)
    session = client.as_(alice)
    session.raise_request_exception = False
    answer = send(session, AVATAR, picture())
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")
    with BytesIO(picture()) as file:
        file.name = "me.png"
        page = session.post("/settings/pictures/avatar/", {"file": file})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert keys_of(acme) == set()


# Memory ------------------------------------------------------------------------------------------------------------

PROGRAM = """
import sys, threading
from types import SimpleNamespace
from accounts.files import images

def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024

def decode():
    try:
        images.shrink(content, int(sys.argv[1]), square=True)
    except images.TooManyImages:
        pass

content = sys.stdin.buffer.read()
images.get_active_tenant = lambda: SimpleNamespace(pk=threading.get_ident())  # each is of another account
before = peak()
threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(peak() - before)
"""


def memory_for_eight(content, pixels):
    """Return the peak growth, in bytes, of the memory of a process that decodes a picture eight times in parallel."""
    root = Path(images.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(pixels)], input=content, capture_output=True, cwd=root, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how much memory a process had")
@pytest.mark.parametrize(
    ("kind", "mode", "size", "pixels"),
    [
        ("PNG", "RGB", (7000, 7000), 640),
        ("PNG", "RGBA", (7000, 7000), 640),
        ("PNG", "P", (9000, 9000), 128),
        ("PNG", "L", (500, 300_000), 128),  # of which a square is cut
        ("WEBP", "RGB", (3600, 3600), 640),
    ],
)
def test_eight_small_files_with_many_pixels_need_little_memory(kind, mode, size, pixels):
    with BytesIO() as file:
        Image.new(mode, size).save(file, kind)
        content = file.getvalue()
    assert len(content) < 400_000
    assert memory_for_eight(content, pixels) < 300 * MEGABYTE  # two at once would take 370, or more


def test_picture_waits_for_memory_used_by_another_picture(monkeypatch):
    monkeypatch.setattr(images, "WAIT_SECONDS", PATIENCE)
    memory, order = images.Memory(), []

    def take_all():
        with memory.take(MEMORY):
            order.append("second")

    with ExitStack() as first:
        first.enter_context(memory.take(1))
        with in_threads(take_all):
            wait_until(memory._first.locked)
            order.append("first")
            first.close()
    assert order == ["first", "second"]


def test_timeout_while_waiting_for_memory_reserves_none(monkeypatch):
    monkeypatch.setattr(images, "WAIT_SECONDS", 0.01)
    memory = images.Memory()
    with memory.take(1), pytest.raises(TooManyImages), memory.take(MEMORY):
        pass
    with memory._first, pytest.raises(TooManyImages), memory.take(1):  # the first in the queue goes first
        pass
    with memory.take(MEMORY):
        pass
    assert memory._taken == 0


# What is refused before it is decoded ------------------------------------------------------------------------------


def test_webp_has_a_lower_pixel_limit():
    with BytesIO() as file:
        Image.new("RGB", (5_000, 4_500)).save(file, "WEBP")
        content = file.getvalue()
    with pytest.raises(NotAnImage, match="5000 × 4500 pixels, which need 343 MB of memory"):
        shrink(content, 100)


def test_a_jpeg_with_many_scans_is_refused(monkeypatch):
    content = picture(kind="JPEG", progressive=True)
    scans = content.count(b"\xff\xda")
    assert scans > 5
    assert shrink(content, 100)
    monkeypatch.setattr(images, "MOST_SCANS", scans - 1)
    with pytest.raises(NotAnImage, match="scans"):
        shrink(content, 100)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize(
    ("size", "square", "made"), [((3000, 1500), False, (100, 50)), ((1500, 3000), True, (100, 100))]
)
def test_large_pictures_of_every_format_keep_their_content(mode, size, square, made):
    with BytesIO() as file:
        kind, white = ("I;16", 0xFFFF) if mode == "I;16" else ("L", 255)  # a conversion would keep the number 255
        image = Image.new(kind, size, 0)
        image.paste(Image.new(kind, (size[0], size[1] // 2), white), (0, size[1] // 2))
        image = image.convert(mode)
        image.save(file, "PNG")
        content = file.getvalue()
    result = Image.open(BytesIO(shrink(content, 100, square=square)))
    assert result.size == made
    top, bottom = (result.getpixel((50, int(result.height * part))) for part in (0.25, 0.75))
    assert top != bottom
