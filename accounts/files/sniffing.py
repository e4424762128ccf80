"""The media type of a file, determined by its first bytes and not by what the client states."""

import re

HEAD = 4096  # bytes that are looked at

PROGRAM = "application/x-executable"
UNKNOWN = "application/octet-stream"
VECTOR = "image/svg+xml"

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"MZ", PROGRAM),  # Windows
    (b"\x7fELF", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),  # macOS, and the next
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),  # also of Java
)
# Those of which a file that claims to be one must really be one.
RECOGNIZED = frozenset(kind for _start, kind in MAGIC if kind.startswith("image/")) | {
    "image/webp",
    "application/pdf",
    "application/zip",
    "application/gzip",
}
IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
# As browsers determine it for a resource without a type.
MARKUP = re.compile(
    rb"<(!doctype\s+html|html|head|body|script|iframe|h1|div|font|table|a\s|style|title|b|br|p|!--)\b", re.IGNORECASE
)
VECTORS = re.compile(rb"<svg[\s>]", re.IGNORECASE)
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def sniff(head: bytes) -> str:
    """Return the media type of a file that begins with `head`; `application/octet-stream` if it is unknown."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    is_binary = CONTROLS.search(head) is not None
    for start, kind in MAGIC:
        if head.startswith(start) and (is_binary or kind != PROGRAM):  # a text may begin with MZ too
            return kind
    if is_binary:
        return UNKNOWN
    if VECTORS.search(head):
        return VECTOR
    return "text/html" if MARKUP.search(head) else "text/plain"


def is_honest(claimed: str, found: str) -> bool:
    """Return whether a file that looks like `found` may be called `claimed`.

    An image must be that image. Types that cannot be detected are accepted, since nothing depends on them.
    """
    if claimed in RECOGNIZED:
        return claimed == found
    if claimed.startswith("image/"):
        return found == (VECTOR if claimed == VECTOR else UNKNOWN)
    return True


def settle(claimed: str, found: str) -> str:
    """Return the stored type of an accepted file: the detected type of images and of unknown claims.

    Otherwise it is the claimed type, since many formats are archives or text inside.
    """
    return found if found in IMAGES or claimed == UNKNOWN else claimed
