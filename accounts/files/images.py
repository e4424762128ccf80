"""Untrusted images: they are checked, decoded with limits, and re-encoded before they are shown."""

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

MEDIA_TYPE = "image/webp"  # of the result
OVERSAMPLED = 2  # a large image is first reduced to this multiple of the result's size

# The bytes that all concurrently decoded images may take together. One image may take all of them: 83 million pixels
# in color. A JPEG takes less, since it is decoded at up to an eighth of its size.
MEMORY = 320 * 2**20
MOST_PIXELS = 250_000_000  # a limit of time, not of memory; cameras of phones have up to 200 million
MOST_SCANS = 100  # of a progressive JPEG, which usually has ten; each is a pass over all of its pixels
BYTES_OF_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # in Pillow's memory; 4 of all other modes
BYTES_OF_WEBP_PIXEL = 16  # in libwebp's memory and in Pillow's
# Limits what decoders allocate before they report the size: they refuse twice as many pixels.
Image.MAX_IMAGE_PIXELS = MEMORY // 8
# The decompressed characters of all texts of a PNG; each takes up to 4 bytes.
PngImagePlugin.MAX_TEXT_MEMORY = 8 * 2**20

# Concurrently decoded images in this process, of all tenants and of one, and the number of waiting requests.
# A waiting request holds a thread and perhaps a connection, so few may wait, and for a short time.
SLOTS, SLOTS_OF_TENANT = 2, 1
MOST_WAITING, WAIT_SECONDS = 2, 10.0

# The brands of ISO base media files that phones write (ISO/IEC 23008-12 and AVIF).
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


# The transformation that turns an image upright, by its orientation (EXIF 3.0, 4.6.5.1.6).
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
    """The content is not an image of an accepted kind, or too large. The text states the reason for the user."""


class TooManyImages(Exception):
    """This process decodes other images, and others wait. The client may try again soon."""


def shrink(content: bytes, pixels: int, *, square: bool = False) -> bytes:
    """Return an image of at most `pixels` by `pixels` as WebP, with the pixels of the original and no metadata.

    A square image is cropped. Of an animation the first frame is used. Raises NotAnImage, TooManyImages.
    """
    tenant = get_active_tenant()
    with slots.take(tenant.pk if tenant else None):
        try:
            return _make(content, pixels, square)
        except (NotAnImage, TooManyImages):
            raise
        except TooManyParts as error:
            text = _("The picture has too much metadata or too many parts. Save it again without them.")
            raise NotAnImage(text) from error
        except Exception as error:  # decoders raise arbitrary exceptions
            raise NotAnImage(_unreadable(content)) from error


def _unreadable(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        return _(
            "HEIC and AVIF pictures cannot be shown here. Send it as a JPEG; on an iPhone, "
            "Settings, Camera, Formats, “Most Compatible” has the camera take them."
        )
    return _("The file is not a supported picture: send a PNG, JPEG, GIF or WebP.")


def _make(content: bytes, pixels: int, square: bool) -> bytes:
    jpeg = _check(content)
    with _open(content) as image:
        size = f"{image.width} × {image.height}"
        if image.width * image.height > MOST_PIXELS:  # known before the pixels are read
            text = _("The picture has %(size)s pixels, and may have %(most)d million.")
            raise NotAnImage(text % {"size": size, "most": MOST_PIXELS // 10**6})
        if jpeg.scans > MOST_SCANS:
            raise NotAnImage(
                _("The picture has more than %(most)d scans. Save it again as a JPEG that is not progressive.")
                % {"most": MOST_SCANS}
            )
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
    """The first image of a JPEG. Pillow would read EXIF for the resolution, and an index of further images."""

    def _read_dpi_from_exif(self) -> None:
        pass


# The accepted formats. Image.open() is not used, since it refuses large JPEGs, which can be decoded at a reduced size.
READERS = (
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"\xff\xd8\xff", _FirstJpeg),
    (b"GIF8", GifImageFile),
    (b"RIFF", WebPImageFile),
)


def _check(content: bytes) -> Jpeg:
    """Return the coding of a JPEG. Raises TooManyParts for an image that Pillow must not open."""
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
    """Decode a JPEG at a fraction of its size, which becomes its `size`. Other formats are not changed."""
    width, height = image.size
    side = (min if square else max)(width, height)
    target = OVERSAMPLED * pixels
    # draft() uses the smaller reduction of both sides, which for the short side of a long image would be none.
    image.draft(None, (max(1, width * target // side), max(1, height * target // side)))


def _bytes_of(image: ImageFile) -> int:
    """Return how many bytes the pixels take while they are decoded."""
    each = BYTES_OF_PIXEL.get(image.mode, 4)
    if isinstance(image, WebPImageFile):
        each = BYTES_OF_WEBP_PIXEL
    elif isinstance(image, GifImageFile):
        each = 2  # the image, and the next frame of an animation
    return image.width * image.height * each


def _reduce(image: Image.Image, pixels: int, square: bool) -> Image.Image:
    """Return a large image reduced, and cropped if it is to be square, without a copy of its full size.

    For most modes every filter but the nearest pixel needs such a copy, in another mode.
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
    """Return an image upright, by the metadata of its original, which a PNG may have after its pixels."""
    small.load()
    turn = TURNS.get(read_orientation(image.info))
    return small if turn is None else small.transpose(turn)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return a 16-bit grayscale image with 8 bits: Pillow's conversion would make nearly all values white."""
    if image.mode != "I;16":
        return image
    wide = image.convert("I")
    gray = wide.point([value >> 8 for value in range(2**16)], "L")
    if (clear := image.info.get("transparency")) is not None:
        gray.info.pop("transparency", None)  # it is a 16-bit value, which fewer pixels have
        gray.putalpha(wide.point([0 if value == clear else 255 for value in range(2**16)], "L"))
    return gray


def _resize(image: Image.Image, pixels: int, square: bool) -> Image.Image:
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if square:
        return ImageOps.fit(image, (pixels, pixels))
    image.thumbnail((pixels, pixels))
    return image


def _write(image: Image.Image) -> bytes:
    # Only the pixels are copied. Metadata, such as the place of a photo, is in `info`.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    with BytesIO() as file:
        bare.save(file, "WEBP", quality=85, method=4)
        return file.getvalue()


class Slots:
    """The slots for decoding images at the same time. A tenant has one of them, so that others find one too."""

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
    """The memory for decoding: MEMORY bytes, of which each image takes what it needs, in the order of arrival."""

    def __init__(self) -> None:
        self._first = threading.Lock()  # held by the first waiting request
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
