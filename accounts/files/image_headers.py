"""Reading the parts of an image beside its pixels, with limits, before Pillow reads the file.

Pillow reads parts in Python and keeps most of them, so millions of empty parts would cost seconds and much more memory
than the file has. Each function raises TooManyParts beyond a limit.
"""

import re
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

# Segments of a JPEG. A photo has 10 to 100. Phones add extended XMP, such as a depth map or a second picture, in
# segments of 64 KiB: some hundreds. An ICC profile has at most 255.
MOST_SEGMENTS = 2048
# Chunks of a PNG or WebP other than pixels. A PNG has up to 30; drawing programs add some hundreds.
MOST_CHUNKS = 2048
# The chunks among them in which Pillow decompresses up to 1 MiB, which takes 1 KiB of the file.
MOST_COMPRESSED = 256
# Chunks of pixels and frames: libpng writes 8 KiB into each, so 64 MiB have 8192.
MOST_PIECES = 65_536
# Reads that Pillow makes of a GIF, two for each block of up to 255 bytes: 8 MiB of them.
MOST_READS = 65_536
# Bytes of all those parts, which Pillow keeps while it decodes.
MOST_METADATA = 32 * 2**20
# Bytes of the segments in which Pillow makes objects of each few bytes: tables, Photoshop resources, and EXIF, which
# it joins segment by segment. Each has less than 64 KiB in photos of cameras, and some 100 KiB from Photoshop.
MOST_INTERPRETED = 2**20
# Bytes between the segments of a JPEG, which Pillow reads one by one. Programs write a few to align what follows.
MOST_FILLER = 65_536


class TooManyParts(Exception):
    """The image has more metadata, or more parts, than a limit allows."""


def _limit(number: int, most: int) -> None:
    if number > most:
        raise TooManyParts


# JPEG --------------------------------------------------------------------------------------------------------------

# Between the scans FF 00 is a byte FF of the data, and D0 to D7 are points at which it can be resumed.
# Without `\xff+`: of a run of FF without a marker behind it, each byte would be the start of an attempt.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_END, _SCAN = 0xD9, 0xDA
_STANDALONE = frozenset((0x01, 0xD8))  # they have no content
_APPLICATIONS, _COMMENT = range(0xE0, 0xF0), 0xFE
# What Pillow takes for a segment before the first scan. At other markers either Pillow or libjpeg gives up.
_SEGMENTS = frozenset(range(0xC0, 0xF0)) - {0xC8} - frozenset(range(0xD0, 0xDA)) | {_COMMENT}
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # tables and an extension have numbers between them
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_FILLER = b"\xff" * MOST_FILLER
_BLOCK = 64 * 2  # bytes of the coefficients of 8 × 8 pixels


@dataclass
class Jpeg:
    """The coding of a JPEG: the number of its scans, and the bytes that libjpeg keeps until the last scan.

    `coefficients` is 0 if the first scan has everything, which libjpeg decodes row by row (jdinput.c). The other
    fields are counters: segments, and bytes before the first scan.
    """

    scans: int = 0
    coefficients: int = 0
    segments: int = 0
    metadata: int = 0
    interpreted: int = 0
    filler: int = 0

    def count(self, kind: int, segment: bytes, filler: int) -> None:
        """Count a segment. libjpeg reads those after the first scan and does not keep them."""
        self.segments += 1
        _limit(self.segments, MOST_SEGMENTS)
        if self.scans:
            return
        if kind not in _SEGMENTS:
            raise ValueError(f"There is no segment {kind:x} before the first scan.")
        self.filler += filler
        self.metadata += len(segment)
        self.interpreted += len(segment) if _is_interpreted(kind, segment) else 0
        _limit(self.filler, MOST_FILLER)
        _limit(self.metadata, MOST_METADATA)
        _limit(self.interpreted, MOST_INTERPRETED)


def _is_interpreted(kind: int, segment: bytes) -> bool:
    if kind in _APPLICATIONS or kind == _COMMENT:
        return segment.startswith((b"Exif\0\0", b"Photoshop 3.0\0"))
    return True


def read_jpeg(content: bytes) -> Jpeg:
    """Read the segments of a JPEG up to its end. Further images, a video or other data may follow the end.

    Raises TooManyParts, and ValueError or IndexError if the content is not a JPEG.
    """
    found, kept, components, position, end = Jpeg(), 0, 0, 2, len(content)
    is_progressive = False
    while marker := _MARKER.search(content, position):
        kind, filler, position = marker[1][0], marker.start() - position, marker.end()
        if kind == _END and found.scans:
            end = position
            break
        length = 0 if kind in _STANDALONE else max(2, int.from_bytes(content[position : position + 2]))
        segment = content[position + 2 : position + length]
        found.count(kind, segment, filler)
        if kind in _FRAMES:
            kept, components, is_progressive = _coefficients(segment), segment[5], kind in _PROGRESSIVE
        elif kind == _SCAN:
            found.scans += 1
            if is_progressive or segment[0] < components:
                found.coefficients = kept
        position += length
    if not found.scans:
        _limit(len(content) - position, MOST_FILLER)
    if content.find(_FILLER, 0, end) >= 0:  # in a scan libjpeg reads such a run again with each block
        raise TooManyParts
    return found


def _coefficients(frame: bytes) -> int:
    """Return how many bytes all coefficients of a frame have; subsampled components have fewer."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    factors = [(each >> 4, each & 15) for each in frame[7 : 6 + 3 * frame[5] : 3]]
    most_across, most_down = (max(each) for each in zip(*factors, strict=True))
    return sum(
        _BLOCK * -(-width * across // (8 * most_across)) * -(-height * down // (8 * most_down))
        for across, down in factors
    )


# PNG, WebP and GIF -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Chunks:
    """A format of chunks with a length, a kind and content, from `start` to the first chunk of the kind `end`."""

    start: int
    order: Literal["little", "big"]  # of the bytes of the length, which is before the kind if it is big
    alignment: int
    checksum: int  # its bytes, behind the content
    pixels: tuple[bytes, ...]
    end: bytes = b""

    def check(self, content: bytes) -> None:
        position, pieces, chunks, compressed, metadata = self.start, 0, 0, 0, 0
        while position + 8 <= len(content):
            one, other = content[position : position + 4], content[position + 4 : position + 8]
            kind, size = (other, one) if self.order == "big" else (one, other)
            if kind == self.end:
                break
            length = int.from_bytes(size, self.order)
            if kind in self.pixels:
                pieces += 1
            else:
                chunks, metadata = chunks + 1, metadata + min(length, len(content))
            compressed += kind in _COMPRESSED
            _limit(pieces, MOST_PIECES)
            _limit(chunks, MOST_CHUNKS)
            _limit(compressed, MOST_COMPRESSED)
            _limit(metadata, MOST_METADATA)
            position += 8 + length + length % self.alignment + self.checksum


_COMPRESSED = (b"zTXt", b"iTXt", b"iCCP")
_PNG = _Chunks(8, "big", alignment=1, checksum=4, pixels=(b"IDAT", b"DDAT", b"fdAT", b"fcTL"), end=b"IEND")
_WEBP = _Chunks(12, "little", alignment=2, checksum=0, pixels=(b"VP8 ", b"VP8L", b"ALPH", b"ANMF"))


def check_png(content: bytes) -> None:
    """Count the chunks of a PNG up to its end."""
    _PNG.check(content)


def check_webp(content: bytes) -> None:
    """Count the chunks of a WebP, of which libwebp keeps a list."""
    _WEBP.check(content)


class CountedReads(BytesIO):
    """A file for Pillow's GIF reader, whose loops read at each step. Raises TooManyParts.

    The reader skips bytes that are not a block and continues after empty blocks; a scan would have to do the same.
    """

    _reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return some bytes."""
        self._reads += 1
        _limit(self._reads, MOST_READS)
        return super().read(size)


# Orientation -------------------------------------------------------------------------------------------------------

_ORIENTATION = 0x0112
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_SIZES = {1: 1, 3: 2, 4: 4}  # bytes of a number, by the type of the field
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


def read_orientation(info: dict[Any, Any]) -> int:
    """Return the orientation of EXIF, or else of XMP, in the `info` of an image: 1 to 8, or 1 without any.

    Pillow's own reader makes an object of each field of EXIF and a warning of each malformed one.
    """
    exif = info.get("exif")
    if exif is None and isinstance(profile := info.get("Raw profile type exif"), str):
        exif = _bytes_of_profile(profile)
    found = _orientation_in_exif(exif) if isinstance(exif, bytes) else None
    if found is None:
        xmp = info.get("XML:com.adobe.xmp") or info.get("xmp") or b""
        match = _XMP_ORIENTATION.search(xmp.encode() if isinstance(xmp, str) else xmp)
        found = int(match[1]) if match else 1
    return found


def _bytes_of_profile(profile: str) -> bytes:
    """Return EXIF as ImageMagick writes it into a PNG: hexadecimal digits after three lines."""
    try:
        return bytes.fromhex("".join(profile.split("\n")[3:]))
    except ValueError:
        return b""


def _orientation_in_exif(exif: bytes) -> int | None:
    exif = exif.removeprefix(b"Exif\0\0")
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(order + "L", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for number in range(count):
            tag, kind, _count, value = struct.unpack_from(order + "HHL4s", exif, start + 2 + 12 * number)
            if tag == _ORIENTATION:
                found = int.from_bytes(value[: _SIZES.get(kind, 0)], "little" if order == "<" else "big")
                return found if 1 <= found <= 8 else None
    except struct.error:  # the data ends too early
        pass
    return None
