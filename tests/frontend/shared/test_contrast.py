"""Text is readable in both themes: WCAG asks for 4.5 to 1, and for 3 to 1 at the edges of what is typed into."""

import re
from itertools import product
from pathlib import Path

import pytest

import frontend
from accounts.hues import HUES
from accounts.models import Color
from frontend.shared.accents import style_sheet, to_linear_rgb
from frontend.shared.presentation import ACCENTS

STATIC = Path(frontend.__file__).parent / "static/frontend/shared"
HUES_CSS = (STATIC / "accents.css").read_text()
TOKENS = f"{(STATIC / 'tokens.css').read_text()}\n{HUES_CSS}"
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
    red, green, blue = (min(1, max(0, part)) for part in to_linear_rgb(lightness, chroma, hue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front, back, theme, names):
    values = {**ROOT, **names}
    darker, lighter = sorted(luminance(*color(values[name], theme, names)) for name in (front, back))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_black_and_white_is_21():
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
@pytest.mark.parametrize("accent", [*(f"accent-{name}" for name in ACCENTS), *(f"hue-{hue}" for hue in HUES)])
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
    names = {**ACCENT, **declarations(f".{accent}")}
    assert contrast(front, back, theme, names) >= 4.5


def test_the_accents_to_choose_from_are_up_to_date():
    """`python -m frontend.shared.accents > frontend/static/frontend/shared/accents.css` writes them."""
    assert style_sheet() == HUES_CSS


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", Color)
def test_the_letters_of_people_are_readable_and_dots_visible(name, theme):
    own = declarations(f".color-{name}") if name != Color.GREY else {}
    assert contrast("on-color-soft", "color-soft", theme, {**PALETTE, **own}) >= 4.5
    assert contrast("color", "panel", theme, {**PALETTE, **own}) >= 3
