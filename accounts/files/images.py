"""Pictures that people send: read with suspicion, and made anew before anybody is shown one."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, PngImagePlugin
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from accounts.files.image_headers import (
    CountedReads,
    Jpeg,
    TooManyParts,
    check_png,
    check_webp,
    read_jpeg,
    read_orientation,
)
from tenancy.context import get_active_tenant

MEDIA_TYPE = "image/webp"  # of what comes out
OVERSAMPLED = 2  # how many times as large as the result a large picture is made before its colors are computed

# What all pictures that are decoded at the same moment may take, in bytes. One may have all of it: 83 million pixels
# in color. A JPEG takes less, since it is decoded at up to an eighth of its size.
MEMORY = 320 * 2**20
MOST_PIXELS = 250_000_000  # whatever memory they take, they cost time; cameras of phones have up to 200 million
MOST_SCANS = 100  # of a progressive JPEG, which has some ten; each is a pass over all of its pixels
BYTES_OF_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # in Pillow's memory; 4 of all other modes
BYTES_OF_WEBP_PIXEL = 16  # in libwebp's memory and in Pillow's
# What decoders allocate before they say how large the picture is: they refuse twice as many pixels.
Image.MAX_IMAGE_PIXELS = MEMORY // 8
# Characters of all texts of a PNG when they are decompressed; each takes up to 4 bytes.
PngImagePlugin.MAX_TEXT_MEMORY = 8 * 2**20

# Pictures that are decoded at the same moment in this process, of all tenants and of one, and how many others wait.
# Whoever waits holds a thread and perhaps a connection, so few do, and not for long.
SLOTS, SLOTS_OF_TENANT = 2, 1
MOST_WAITING, WAIT_SECONDS = 2, 10.0

# ISO base media files of the kinds that phones take pictures in (ISO/IEC 23008-12 and AVIF).
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


# How a picture is turned upright, by its orientation (EXIF 3.0, 4.6.5.1.6).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class NotAnImage(Exception):
    """It is no picture of a kind that is accepted, or too large a one. Its text tells the user why."""


class TooManyImages(Exception):
    """Other pictures are decoded in this process, and others wait for that. The client may try again soon."""


def shrink(content: bytes, pixels: int, *, square: bool = False) -> bytes:
    """Return a picture of at most `pixels` by `pixels` as WebP, with nothing of the original but what it shows.

    A square one is cut. Of an animation the first picture is taken. Raises NotAnImage, TooManyImages.
    """
    tenant = get_active_tenant()
    with slots.take(tenant.pk if tenant else None):
        try:
            return _make(content, pixels, square)
        except (NotAnImage, TooManyImages):
            raise
        except TooManyParts as error:
            text = _("The picture has too much metadata, or too many parts: save it anew.")
            raise NotAnImage(text) from error
        except Exception as error:  # decoders raise whatever they stumble over
            raise NotAnImage(_unreadable(content)) from error


def _unreadable(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        return _(
            "HEIC and AVIF pictures cannot be shown here. Send it as a JPEG; on an iPhone, "
            "Settings, Camera, Formats, “Most Compatible” has the camera take them."
        )
    return _("This is no picture that can be used: send a PNG, JPEG, GIF or WebP.")


def _make(content: bytes, pixels: int, square: bool) -> bytes:
    jpeg = _check(content)
    with _open(content) as image:
        size = f"{image.width} × {image.height}"
        if image.width * image.height > MOST_PIXELS:  # known before any of it is read
            text = _("The picture has %(size)s pixels, and may have %(most)d million.")
            raise NotAnImage(text % {"size": size, "most": MOST_PIXELS // 10**6})
        if jpeg.scans > MOST_SCANS:
            raise NotAnImage(_("The picture has more than %(most)d scans: save it anew.") % {"most": MOST_SCANS})
        _draft(image, pixels, square)
        needed = _bytes_of(image) + jpeg.coefficients
        if needed > MEMORY:
            text = _(
                "The picture has %(size)s pixels, which need %(needed)d MB of memory. At most %(most)d MB are "
                "possible: make it smaller, or save it as a JPEG that is not progressive."
            )
            raise NotAnImage(text % {"size": size, "needed": needed >> 20, "most": MEMORY >> 20})
        with memory.take(needed):
            small = _turn(_reduce(image, pixels, square), image)
            return _write(_resize(_in_eight_bits(small), pixels, square))


class _FirstJpeg(JpegImageFile):
    """The first picture of a JPEG. Pillow would read EXIF to know its resolution, and an index of further pictures."""

    def _read_dpi_from_exif(self) -> None:
        pass


# Of the many formats that Pillow reads, those that people send. Not with Image.open(), which refuses large JPEGs too.
READERS = (
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"\xff\xd8\xff", _FirstJpeg),
    (b"GIF8", GifImageFile),
    (b"RIFF", WebPImageFile),
)


def _check(content: bytes) -> Jpeg:
    """Return what a JPEG says of itself. Raises TooManyParts for a picture that Pillow must not open."""
    if content.startswith(b"\xff\xd8\xff"):
        return read_jpeg(content)
    if content.startswith(b"\x89PNG"):
        check_png(content)
    elif content.startswith(b"RIFF"):
        check_webp(content)
    return Jpeg()


def _open(content: bytes) -> ImageFile:
    for start, reader in READERS:
        if content.startswith(start):
            return reader(CountedReads(content) if reader is GifImageFile else BytesIO(content))
    raise SyntaxError("It begins like no picture.")


def _draft(image: ImageFile, pixels: int, square: bool) -> None:
    """Have a JPEG decoded at a fraction of its size, and leave others alone. Its `size` is the smaller one then."""
    width, height = image.size
    side = (min if square else max)(width, height)
    target = OVERSAMPLED * pixels
    # Of both sides the smaller fraction counts, which would be none of the short side of a long picture.
    image.draft(None, (max(1, width * target // side), max(1, height * target // side)))


def _bytes_of(image: ImageFile) -> int:
    """Return how many bytes its pixels take while it is decoded."""
    each = BYTES_OF_PIXEL.get(image.mode, 4)
    if isinstance(image, WebPImageFile):
        each = BYTES_OF_WEBP_PIXEL
    elif isinstance(image, GifImageFile):
        each = 2  # the picture, and what an animation replaces it by
    return image.width * image.height * each


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
        return image.crop(box) if square else image
    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image.reduce(step, box=box)
    size = (max(1, (box[2] - left) // step), max(1, (box[3] - top) // step))
    is_plain = image.mode in ("I;16", "CMYK") and not image.has_transparency_data
    return image.resize(size, Image.Resampling.BOX if is_plain else Image.Resampling.NEAREST, box=box)


def _turn(small: Image.Image, image: ImageFile) -> Image.Image:
    """Return a picture upright, as the metadata of its original says, which a PNG has behind its pixels too."""
    small.load()
    turn = TURNS.get(read_orientation(image.info))
    return small if turn is None else small.transpose(turn)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return a grayscale picture of 16 bits with 8: a conversion would take all but the darkest for white."""
    if image.mode != "I;16":
        return image
    wide = image.convert("I")
    gray = wide.point([value >> 8 for value in range(2**16)], "L")
    if (clear := image.info.get("transparency")) is not None:
        gray.info.pop("transparency", None)  # it is of 16 bits, in which fewer pixels are alike
        gray.putalpha(wide.point([0 if value == clear else 255 for value in range(2**16)], "L"))
    return gray


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


class Memory:
    """The memory for decoding: MEMORY bytes, of which each picture takes what it needs, in the order of arrival."""

    def __init__(self) -> None:
        self._first = threading.Lock()  # of the one that is next
        self._changed = threading.Condition()
        self._taken = 0

    @contextmanager
    def take(self, needed: int) -> Iterator[None]:
        """Hold `needed` bytes, at most MEMORY, in the block. Raises TooManyImages."""
        if not self._first.acquire(timeout=WAIT_SECONDS):
            raise TooManyImages(f"Others waited for memory for {WAIT_SECONDS} s.")
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._taken + needed <= MEMORY, WAIT_SECONDS):
                    raise TooManyImages(f"No {needed} bytes were free within {WAIT_SECONDS} s.")
                self._taken += needed
        finally:
            self._first.release()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= needed
                self._changed.notify_all()


slots, memory = Slots(), Memory()
