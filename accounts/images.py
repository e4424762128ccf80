"""Pictures that people send: read with suspicion, and made anew before anybody is shown one."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageOps

from tenancy.context import get_active_tenant

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")  # of the many that Pillow reads, those that people send
MOST_PIXELS = 25_000_000  # 100 MB while it is read, whatever its file has
MOST_PIXELS_OF_WEBP = 12_500_000  # whose decoder needs four times as much
MOST_SCANS = 100  # of a progressive JPEG, which has some ten; each is a pass over all of its pixels
MEDIA_TYPE = "image/webp"  # of what comes out
OVERSAMPLED = 2  # how many times as large as the result a large picture is made before its colors are computed

# Pictures that are decoded at the same moment in this process, of all tenants and of one, and how many others wait.
# Whoever waits holds a thread and perhaps a connection, so few do, and not for long.
SLOTS, SLOTS_OF_TENANT = 2, 1
MOST_WAITING, WAIT_SECONDS = 2, 10.0


class NotAnImage(Exception):
    """It is no picture of a kind that is accepted, or too large a one."""


class TooManyImages(Exception):
    """Other pictures are decoded in this process, and others wait for that. The client may try again soon."""


def shrink(content: bytes, pixels: int, *, square: bool = False) -> bytes:
    """Return a picture of at most `pixels` by `pixels` as WebP, with nothing of the original but what it shows.

    A square one is cut. Of an animation the first picture is taken. Raises NotAnImage, TooManyImages.
    """
    tenant = get_active_tenant()
    with slots.take(tenant and tenant.pk):
        try:
            return _make(content, pixels, square)
        except NotAnImage:
            raise
        except Exception as error:  # decoders raise whatever they stumble over
            raise NotAnImage("It cannot be read as a PNG, JPEG, GIF or WebP.") from error


def _make(content: bytes, pixels: int, square: bool) -> bytes:
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        most = MOST_PIXELS_OF_WEBP if image.format == "WEBP" else MOST_PIXELS
        if image.width * image.height > most:  # known before any of it is read
            raise NotAnImage(f"It has {image.width} × {image.height} pixels, and may have {most}.")
        if image.format == "JPEG" and content.count(b"\xff\xda") > MOST_SCANS:
            raise NotAnImage(f"It has more than {MOST_SCANS} scans.")
        image.draft(None, (pixels * 2, pixels * 2))
        small = ImageOps.exif_transpose(_reduce(image, pixels, square))
        return _write(_resize(small, pixels, square))


def _reduce(image: Image.Image, pixels: int, square: bool) -> Image.Image:
    """Return a large picture smaller, and cut if it is to be square, without a copy of its full size.

    Other filters than the nearest pixel need such a copy, in other colors, of all but the plain kinds of pictures.
    """
    width, height = image.size
    side = min(width, height)
    left, top = ((width - side) // 2, (height - side) // 2) if square else (0, 0)
    box = (left, top, left + side, top + side) if square else (0, 0, width, height)
    step = max(box[2] - left, box[3] - top) // (OVERSAMPLED * pixels)
    if step < 2:
        return image
    size = (max(1, (box[2] - left) // step), max(1, (box[3] - top) // step))
    is_plain = image.mode in ("L", "RGB") and not image.has_transparency_data
    return image.resize(size, Image.Resampling.BOX if is_plain else Image.Resampling.NEAREST, box=box)


def _resize(image: Image.Image, pixels: int, square: bool) -> Image.Image:
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if square:
        return ImageOps.fit(image, (pixels, pixels))
    image.thumbnail((pixels, pixels))
    return image


def _write(image: Image.Image) -> bytes:
    # Only the pixels are taken over: what else a file knows, such as where it was taken, is in `info`.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    with BytesIO() as file:
        bare.save(file, "WEBP", quality=85, method=4)
        return file.getvalue()


class Slots:
    """Places for pictures that are decoded at the same time. A tenant has one of them, so others find one too."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: Counter[Hashable] = Counter()
        self._waiting = 0

    @contextmanager
    def take(self, who: Hashable) -> Iterator[None]:
        """Hold a slot of `who` in the block. Raises TooManyImages."""
        with self._changed:
            if not self._is_free(who):
                self._wait(who)
            self._held[who] += 1
        try:
            yield
        finally:
            with self._changed:
                self._held -= Counter([who])
                self._changed.notify_all()

    def _is_free(self, who: Hashable) -> bool:
        return self._held.total() < SLOTS and self._held[who] < SLOTS_OF_TENANT

    def _wait(self, who: Hashable) -> None:
        if self._waiting >= MOST_WAITING:
            raise TooManyImages("Other pictures wait already.")
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._is_free(who), WAIT_SECONDS):
                raise TooManyImages(f"No slot was free within {WAIT_SECONDS} s.")
        finally:
            self._waiting -= 1


slots = Slots()
