"""Pictures that people send: read with suspicion, and made anew before anybody is shown one."""

from io import BytesIO

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")  # of the many that Pillow reads, those that people send
MOST_PIXELS = 25_000_000  # 100 MB while it is read, whatever its file has
MEDIA_TYPE = "image/webp"  # of what comes out


class NotAnImage(Exception):
    """It is no picture of a kind that is accepted, or too large a one."""


def shrink(content: bytes, pixels: int, *, square: bool = False) -> bytes:
    """Return a picture of at most `pixels` by `pixels` as WebP, with nothing of the original but what it shows.

    A square one is cut. Of an animation the first picture is taken. Raises NotAnImage.
    """
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:  # known before any of it is read
                raise NotAnImage(f"It has {image.width} × {image.height} pixels, and may have {MOST_PIXELS}.")
            image.draft(None, (pixels * 2, pixels * 2))
            return _write(_resize(ImageOps.exif_transpose(image), pixels, square))
    except NotAnImage:
        raise
    except Exception as error:  # decoders raise whatever they stumble over
        raise NotAnImage("It cannot be read as a PNG, JPEG, GIF or WebP.") from error


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
