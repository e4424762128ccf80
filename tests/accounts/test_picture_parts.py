"""Pictures with too many parts or too much metadata are refused before Pillow reads them."""

import struct
import tracemalloc
from io import BytesIO
from zlib import compress, crc32

import pytest
from PIL import Image

from accounts.files import image_headers, images
from accounts.files.image_headers import read_jpeg, read_orientation
from accounts.files.images import NotAnImage, shrink
from tests.accounts.test_pictures import AVATAR, picture, send

pytestmark = pytest.mark.django_db
MEGABYTE, MANY = 2**20, 200_000


def segment(kind, content=b""):
    return bytes((0xFF, kind)) + (len(content) + 2).to_bytes(2) + content


def chunk(kind, content=b""):
    return len(content).to_bytes(4) + kind + content + crc32(kind + content).to_bytes(4)


def riff_chunk(kind, content=b""):
    return kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def jpeg(*parts):
    whole = picture(kind="JPEG")
    return whole[:2] + b"".join(parts) + whole[2:]


def jpeg_behind_a_scan(parts):
    whole = picture(kind="JPEG", progressive=True)
    second = whole.index(b"\xff\xda", whole.index(b"\xff\xda") + 2)
    return whole[:second] + parts + whole[second:]


def png(parts=b"", at=33):
    whole = picture()
    return whole[:at] + parts + whole[at:]


def png_behind_its_pixels(parts):
    return png(parts, at=-12)


def gif(*parts):
    whole = picture(kind="GIF")
    start = 13 + (3 << (whole[10] & 7) + 1 if whole[10] & 128 else 0)
    return whole[:start] + b"".join(parts) + whole[start:]


def webp(parts=b""):
    frame = picture(kind="WEBP")[12:]
    extended = riff_chunk(b"VP8X", b"\x0c\0\0\0" + (299).to_bytes(3, "little") + (199).to_bytes(3, "little"))
    content = b"WEBP" + extended + frame + parts
    return b"RIFF" + len(content).to_bytes(4, "little") + content


HEAVY = {
    "JPEG, empty APP1": lambda: jpeg(segment(0xE1) * MANY),
    "JPEG, comments": lambda: jpeg(segment(0xFE, b"a") * MANY),
    "JPEG, tables": lambda: jpeg(segment(0xDB) * MANY),
    "JPEG, length 0": lambda: jpeg(b"\xff\xe1\0\0" * MANY),
    "JPEG, fill bytes": lambda: jpeg(b"\xff" * MANY),
    "JPEG, nothing but fill bytes": lambda: b"\xff\xd8" + b"\xff" * MANY,
    "JPEG, bytes that are no segment": lambda: jpeg(segment(0xE1), b"\0" * MANY),
    "JPEG, markers without content": lambda: jpeg(b"\xff\xd0" * MANY),
    "JPEG, behind a scan": lambda: jpeg_behind_a_scan(segment(0xE1) * MANY),
    "JPEG, fill bytes in a scan": lambda: jpeg()[:-2] + b"\xff" * MANY + b"\0\xff\xd9",
    "JPEG, large XMP": lambda: jpeg(segment(0xE1, b"x" * 65_000) * 600),
    "JPEG, EXIF in many segments": lambda: jpeg(segment(0xE1, b"Exif\0\0" + b"x" * 65_000) * 20),
    "JPEG, tables in many segments": lambda: jpeg(segment(0xDB, bytes(65 * 1000)) * 20),
    "JPEG, Photoshop resources": lambda: jpeg(segment(0xED, b"Photoshop 3.0\0" + b"8BIM" * 15_000) * 20),
    "PNG, private chunks": lambda: png(chunk(b"prVt") * MANY),
    "PNG, texts": lambda: png(chunk(b"tEXt", b"a\0b") * MANY),
    "PNG, compressed texts": lambda: png(chunk(b"zTXt", b"\0\0" + compress(bytes(MEGABYTE))) * 300),
    "PNG, large text": lambda: png(chunk(b"tEXt", bytes(33 * MEGABYTE))),
    "PNG, pieces": lambda: png(chunk(b"IDAT") * MANY, at=-12),
    "PNG, behind its pixels": lambda: png_behind_its_pixels(chunk(b"prVt") * MANY),
    "WebP, unknown chunks": lambda: webp(riff_chunk(b"abcd") * MANY),
    "WebP, frames": lambda: webp(riff_chunk(b"ANMF", bytes(16)) * MANY),
    "GIF, comments": lambda: gif(b"\x21\xfe\x01a\0" * MANY),
    "GIF, a comment in many blocks": lambda: gif(b"\x21\xfe", b"\x01a" * MANY, b"\0"),
    "GIF, extensions": lambda: gif(b"\x21\x01\x01a\0" * MANY),
    "GIF, bytes that are no block": lambda: gif(b"\0" * MANY),
}


def peak_of(content):
    """Return the bytes that Python allocated to refuse a picture, and check the reason."""
    tracemalloc.start()
    try:
        with pytest.raises(NotAnImage, match="too much metadata or too many parts"):
            shrink(content, 100)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", HEAVY)
def test_picture_with_too_many_parts_is_refused_without_memory_for_them(name, monkeypatch):
    opened = []
    monkeypatch.setattr(images, "READERS", [(start, note(reader, opened)) for start, reader in images.READERS])
    # For a GIF the reader itself is stopped.
    monkeypatch.setattr(images, "GifImageFile", images.READERS[2][1])
    assert peak_of(HEAVY[name]()) < 8 * MEGABYTE
    assert [each for each in opened if each != "GifImageFile"] == []


def note(reader, opened):
    def read(file):
        opened.append(reader.__name__)
        return reader(file)

    return read


def test_refusal_of_too_many_parts_is_a_400_of_the_field(client, alice):
    response = send(client.as_(alice), AVATAR, jpeg(segment(0xE1) * 3000), "image/jpeg")
    assert response.status_code == 400
    assert response.json()["errors"] == {
        "picture": ["The picture has too much metadata or too many parts. Save it again without them."]
    }


@pytest.mark.parametrize(
    "content",
    [
        # As phones write them: EXIF with a preview, extended XMP with a depth map of 25 MB, ICC, MPF, a maker's note.
        lambda: jpeg(
            segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0" + bytes(60_000)),
            segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"x" * 65_000) * 400,
            segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(3000)),
            segment(0xE2, b"MPF\0" + bytes(80)),
            b"\xff" * 100,
        ),
        lambda: jpeg(segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x04abcd" * 3000) * 10),
        lambda: png(chunk(b"prVt", bytes(8192)) * 1000 + chunk(b"zTXt", b"a\0\0" + compress(b"b")) * 100),
        lambda: png(chunk(b"IDAT") * 16_000, at=-12),
        lambda: gif(b"\x21\xff\x0bXMP DataXMP" + (b"\x60" + b"x" * 0x60) * 10_000 + b"\0"),
        lambda: webp(riff_chunk(b"EXIF", bytes(60_000)) + riff_chunk(b"XMP ", bytes(MEGABYTE))),
    ],
)
def test_picture_with_as_much_metadata_as_phones_and_programs_write_is_taken(content):
    assert Image.open(BytesIO(shrink(content(), 100))).size == (100, 67)


def test_fill_bytes_in_a_scan_are_not_a_marker():
    whole = picture(kind="JPEG")
    assert read_jpeg(whole[:-2] + b"\xff" * 50_000 + b"\0" + whole[-2:]).scans == 1


def test_fields_of_exif_other_than_the_orientation_are_not_read(recwarn):
    """5000 fields of the same 60 KB: Pillow would log a warning for each that does not fit into the file."""
    fields = b"".join(struct.pack("<HHLL", tag, 1, 60_000, 8) for tag in range(0x8000, 0x8000 + 5000))
    exif = b"Exif\0\0II*\0" + struct.pack("<LH", 8, 5000) + fields + bytes(4)
    assert shrink(png(chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))), 100)
    assert shrink(jpeg(segment(0xE1, exif)), 100)
    assert shrink(webp(riff_chunk(b"EXIF", exif)), 100)
    assert [str(each.message) for each in recwarn if "Tag" in str(each.message)] == []


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "value"), [(1, "Bxxx"), (3, "Hxx"), (4, "L")])
def test_orientation_is_read_in_each_byte_order_and_type(order, kind, value):
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "LH", 8, 2)
    fields = struct.pack(order + "HHLL", 0x010F, 2, 4, 0) + struct.pack(order + "HHL" + value, 0x0112, kind, 1, 6)
    assert read_orientation({"exif": b"Exif\0\0" + start + fields}) == 6
    assert read_orientation({"exif": start + fields}) == 6
    profile = "\nexif\n  42\n" + (start + fields).hex()
    assert read_orientation({"Raw profile type exif": profile}) == 6


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"exif": b""},
        {"exif": "text"},
        {"exif": b"Exif\0\0II*\0"},
        {"exif": b"II*\0\xff\xff\xff\xff"},
        {"exif": b"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"},
        {"Raw profile type exif": "\n\n\nno digits"},
        {"xmp": b'tiff:Orientation="9"'},
    ],
)
def test_invalid_orientation_is_ignored(info):
    assert read_orientation(info) == 1


def test_xmp_orientation_is_used_without_exif_orientation():
    assert read_orientation({"xmp": b'<x tiff:Orientation="6"/>'}) == 6
    assert read_orientation({"XML:com.adobe.xmp": "<tiff:Orientation>8</tiff:Orientation>"}) == 8


def test_limits_allow_the_pictures_named_in_their_comments():
    assert image_headers.MOST_PIECES * 1024 >= 64 * MEGABYTE  # previews, in chunks of the size of libpng or smaller
    assert image_headers.MOST_READS // 2 * 255 >= 8 * MEGABYTE - MEGABYTE
