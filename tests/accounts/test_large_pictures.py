"""Large photos, long screenshots and rare formats are scaled down correctly, in bounded memory."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from accounts.files import images
from accounts.files.image_headers import read_jpeg
from accounts.files.images import NotAnImage, shrink
from tests.accounts.test_pictures import picture

pytestmark = pytest.mark.django_db
MEGABYTE = 2**20
RED, BLUE, CLEAR = (200, 30, 30), (20, 40, 220), (0, 0, 0, 0)


def saved(image, kind, **options):
    with BytesIO() as file:
        image.save(file, kind, **options)
        return file.getvalue()


def halves(size, mode="RGB", upper=RED, lower=BLUE):
    """Return a picture whose upper half has one color and whose lower half another one."""
    image = Image.new(mode, size, lower)
    image.paste(Image.new(mode, (size[0], size[1] // 2), upper))
    return image


def shown(content, pixels=100, **options):
    """Return the small picture, and its colors in the middle of the upper and of the lower half."""
    made = Image.open(BytesIO(shrink(content, pixels, **options)))
    return made, *(made.getpixel((made.width // 2, int(made.height * part))) for part in (0.25, 0.75))


def is_close(color, wanted):
    return all(abs(one - other) <= 12 for one, other in zip(color, wanted, strict=True))


# Memory --------------------------------------------------------------------------------------------------------------

PROGRAM = """
import sys
from accounts.files import images

def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024

content = sys.stdin.buffer.read()
images.get_active_tenant = lambda: None
before = peak()
images.shrink(content, int(sys.argv[1]), square=sys.argv[2] == "square")
print(peak() - before)
"""

PHOTO, SCREENSHOT = (8064, 6048), (1170, 20_000)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how much memory a process had")
@pytest.mark.parametrize(
    ("kind", "mode", "size", "options", "most"),
    [
        ("JPEG", "RGB", PHOTO, {}, 60),  # a quarter of its size
        ("JPEG", "RGB", PHOTO, {"progressive": True, "subsampling": "4:4:4"}, 320),
        ("JPEG", "CMYK", PHOTO, {}, 60),
        ("PNG", "RGB", PHOTO, {}, 230),
        ("PNG", "I;16", PHOTO, {}, 130),
        ("PNG", "RGB", SCREENSHOT, {}, 130),
        ("JPEG", "RGB", SCREENSHOT, {}, 30),
        ("GIF", "P", PHOTO, {}, 130),
    ],
)
def test_photos_of_48_megapixels_and_long_screenshots_are_decoded_in_bounded_memory(kind, mode, size, options, most):
    content = saved(Image.new(mode, size), kind, **options)
    root = Path(images.__file__).parents[2]
    command = [sys.executable, "-c", PROGRAM, *(("128", "square") if size == SCREENSHOT else ("640", ""))]
    done = subprocess.run(command, input=content, capture_output=True, cwd=root, check=True)
    assert int(done.stdout) < most * MEGABYTE


def test_memory_of_a_jpeg_depends_on_its_encoding(monkeypatch):
    image = halves((800, 600))
    blocks = 100 * 75 + 2 * 50 * 38  # of 8 × 8: all of the brightness, a quarter of the colors
    progressive = saved(image, "JPEG", progressive=True, subsampling="4:2:0")
    assert read_jpeg(saved(image, "JPEG")).coefficients == 0
    assert read_jpeg(progressive).coefficients == blocks * 128
    assert read_jpeg(saved(image, "JPEG", progressive=True, subsampling="4:4:4")).coefficients == 3 * 7500 * 128
    monkeypatch.setattr(images, "MEMORY", blocks * 128)
    assert shrink(saved(image, "JPEG"), 100)
    with pytest.raises(NotAnImage, match="save it as a JPEG that is not progressive"):
        shrink(progressive, 100)


def test_jpeg_memory_excludes_pixels_that_the_decoder_skips(monkeypatch):
    monkeypatch.setattr(images, "MEMORY", 600 * 400 * 4)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow's own limit
    assert shrink(picture(2400, 1600, "JPEG"), 100)
    with pytest.raises(NotAnImage, match="2400 × 1600 pixels"):
        shrink(picture(2400, 1600, "PNG"), 100)


# What phones and programs write --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("orientation", "size"), [(1, (75, 100)), (3, (75, 100)), (6, (100, 75)), (8, (100, 75))])
def test_draft_decoding_applies_the_orientation(orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(halves((3000, 4000)), "JPEG", exif=exif)
    made = Image.open(BytesIO(shrink(content, 100)))
    assert made.size == size
    edges = {1: (37, 5), 3: (37, 95), 6: (95, 37), 8: (5, 37)}  # the position of the upper edge after the rotation
    assert is_close(made.getpixel(edges[orientation]), RED)
    squared = Image.open(BytesIO(shrink(content, 100, square=True)))
    assert is_close(squared.getpixel({1: (50, 5), 3: (50, 95), 6: (95, 50), 8: (5, 50)}[orientation]), RED)


@pytest.mark.parametrize("size", [(20, 20), (3000, 1500)])  # smaller than the limit
def test_a_grayscale_picture_of_16_bits_keeps_its_shades(size):
    image = halves(size, "I;16", upper=0x4000, lower=0xC000)
    _, upper, lower = shown(saved(image, "PNG"))
    assert is_close(upper, (0x40,) * 3)
    assert is_close(lower, (0xC0,) * 3)


@pytest.mark.parametrize("size", [(20, 20), (3000, 1500)])
def test_transparent_16_bit_shade_does_not_affect_its_neighbors(size):
    content = saved(halves(size, "I;16", upper=0x4000, lower=0x4001), "PNG", transparency=0x4000)
    _, upper, lower = shown(content)
    assert (upper[3], lower[3]) == (0, 255)


def test_a_cmyk_jpeg_keeps_its_colors():
    _, upper, lower = shown(saved(halves((3000, 1500)).convert("CMYK"), "JPEG"))
    assert is_close(upper, RED)
    assert is_close(lower, BLUE)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
@pytest.mark.parametrize("size", [(20, 20), (3000, 1500)])
def test_a_palette_keeps_its_transparent_color(kind, size):
    image = halves(size, "P", upper=0, lower=1)
    image.putpalette([*RED, *BLUE])
    _, upper, lower = shown(saved(image, kind, transparency=0))
    assert upper[3] == 0
    assert is_close(lower, (*BLUE, 255))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_becomes_its_first_frame(kind):
    frames = [Image.new("RGB", (300, 200), color) for color in (RED, BLUE, BLUE)]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, disposal=2)
    assert len(list(ImageSequence.Iterator(Image.open(BytesIO(content))))) >= 2
    _, upper, _lower = shown(content)
    assert is_close(upper[:3], RED)


def test_multi_picture_jpeg_shows_the_first_with_the_limits_of_one(monkeypatch):
    """Cameras add pictures after the first, for which Pillow has a separate format (CIPA DC-007)."""
    options = {"save_all": True, "append_images": [Image.new("RGB", (300, 200), BLUE)]}
    content = saved(Image.new("RGB", (300, 200), RED), "MPO", progressive=True, **options)
    _, upper, _lower = shown(content)
    assert is_close(upper, RED)
    monkeypatch.setattr(images, "MOST_SCANS", 1)
    with pytest.raises(NotAnImage, match="scans"):
        shrink(content, 100)


def test_bytes_after_a_jpeg_are_not_counted_as_scans():
    """Phones append a video to a photo, which can contain any bytes."""
    assert read_jpeg(picture(kind="JPEG") + b"\xff\xda\x00\x08\x01" * 200).scans == 1
    assert shrink(picture(kind="JPEG") + b"\xff\xda\x00\x08\x01" * 200, 100)


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_heic_picture_is_refused_with_the_remedy(brand):
    with pytest.raises(NotAnImage, match="Send it as a JPEG"):
        shrink(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + b"x" * 1000, 100)
