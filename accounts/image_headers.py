"""What the headers of pictures say about the memory that decoding takes, where Pillow does not tell."""

import re
from dataclasses import dataclass

# The markers between the scans: FF 00 is a byte FF of the data, and D0 to D7 are points at which it can be resumed.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_START, _END, _SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # tables and an extension have numbers between them
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_BLOCK = 64 * 2  # bytes of the coefficients of 8 × 8 pixels


@dataclass
class Jpeg:
    """How a JPEG is coded: the number of its scans, and the bytes that libjpeg keeps of it until the last scan.

    `coefficients` is 0 where the first scan has everything, which libjpeg decodes row by row (jdinput.c).
    """

    scans: int = 0
    coefficients: int = 0


def read_jpeg(content: bytes) -> Jpeg:
    """Read the segments of a JPEG up to its end. What follows is another picture, a video, or nothing of ours."""
    found, kept, components, position = Jpeg(), 0, 0, 2
    is_progressive = False
    while marker := _MARKER.search(content, position):
        kind, position = marker[1][0], marker.end()
        if kind == _END:
            break
        if kind in (_START, _TEMPORARY):  # they have no content
            continue
        length = int.from_bytes(content[position : position + 2])
        segment = content[position + 2 : position + length]
        if kind in _FRAMES:
            kept, components, is_progressive = _coefficients(segment), segment[5], kind in _PROGRESSIVE
        elif kind == _SCAN:
            found.scans += 1
            if is_progressive or segment[0] < components:
                found.coefficients = kept
        position += length
    return found


def _coefficients(frame: bytes) -> int:
    """Return how many bytes all coefficients of a frame have; a color of less resolution has fewer."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    factors = [(each >> 4, each & 15) for each in frame[7::3]]
    most_across, most_down = (max(each) for each in zip(*factors, strict=True))
    return sum(
        _BLOCK * -(-width * across // (8 * most_across)) * -(-height * down // (8 * most_down))
        for across, down in factors
    )
