"""Text is readable in both themes: WCAG asks for 4.5 to 1, and for 3 to 1 at the edges of what is typed into."""

import re
from itertools import product
from math import cos, radians, sin
from pathlib import Path

import pytest

import frontend
from frontend.presentation import ACCENTS
from projects.models import Color

TOKENS = (Path(frontend.__file__).parent / "static/frontend/tokens.css").read_text()
NUMBER = r"[\d.]+"


def declarations(selector):
    """Return the custom properties of the last block with that selector."""
    block = re.findall(rf"(?:^|\n){re.escape(selector)} {{\n(.*?)\n}}", TOKENS, re.DOTALL)[-1]
    return dict(re.findall(r"--([\w-]+):\s*(.*?);", block, re.DOTALL))


ROOT = declarations(":root")
ACCENT = declarations(":root,\n.accent")
PALETTE = declarations(".color")


def color(text, theme, names):
    """Return lightness, chroma and hue of `light-dark(oklch(…), oklch(…))`, with its variables replaced."""
    values = {**ROOT, **names}
    while "var(" in text:
        text = re.sub(r"var\(--([\w-]+)\)", lambda match: values[match[1]], text)
    text = re.sub(rf"calc\(({NUMBER}) \* ({NUMBER})\)", lambda match: str(float(match[1]) * float(match[2])), text)
    found = re.findall(rf"oklch\(\s*({NUMBER})% ({NUMBER}) ({NUMBER})\s*\)", text)
    assert len(found) == 2, text
    lightness, chroma, hue = found[theme == "dark"]
    return float(lightness) / 100, float(chroma), float(hue)


def luminance(lightness, chroma, hue):
    """Return the relative luminance of an OKLCH color, clipped to what a screen can show."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1, max(0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front, back, theme, names):
    values = {**ROOT, **names}
    darker, lighter = sorted(luminance(*color(values[name], theme, names)) for name in (front, back))
    return (lighter + 0.05) / (darker + 0.05)


def test_it_computes_what_others_compute():
    black = {"text": "light-dark(oklch(0% 0 0), oklch(0% 0 0))"}
    assert contrast("text", "panel", "light", black) == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), list(product(["text", "muted", "red"], ["bg", "panel", "hover"])))
def test_text_is_readable(front, back, theme):
    assert contrast(front, back, theme, {}) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("back", ["bg", "panel"])
def test_the_edge_of_a_field_is_visible(back, theme):
    assert contrast("control", back, theme, {}) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("on-accent", "accent"),
        ("on-accent", "accent-hover"),
        ("accent", "bg"),
        ("accent", "panel"),
        ("text", "accent-soft"),
        ("muted", "accent-soft"),
    ],
)
def test_every_accent_is_readable(front, back, accent, theme):
    names = {**ACCENT, **declarations(f".accent-{accent}")}
    assert contrast(front, back, theme, names) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", Color)
def test_the_letters_of_people_are_readable_and_dots_visible(name, theme):
    own = declarations(f".color-{name}") if name != Color.GREY else {}
    assert contrast("on-color-soft", "color-soft", theme, {**PALETTE, **own}) >= 4.5
    assert contrast("color", "panel", theme, {**PALETTE, **own}) >= 3
