"""The accent colors that an account can choose from: `python -m frontend.shared.accents` writes their style sheet.

All hues have the same lightness, and the tests check the contrast of text on it. The chroma differs: each hue has the
largest chroma that sRGB can show at that lightness, up to a limit.
"""

import sys
from math import cos, radians, sin

from accounts.hues import HUES

LIGHT, DARK = (0.50, 0.45), (0.75, 0.80)  # of the accent and of hovered elements in each theme, as in tokens.css
MOST_LIGHT, MOST_DARK = 0.17, 0.13
STEP = 0.005


def style_sheet() -> str:
    """Return a class for each hue."""
    rules = [
        f".hue-{hue} {{\n"
        f"  --accent-hue: {hue};\n"
        f"  --accent-light: {_chroma(hue, LIGHT, MOST_LIGHT):g};\n"
        f"  --accent-dark: {_chroma(hue, DARK, MOST_DARK):g};\n"
        "}\n"
        for hue in HUES
    ]
    return "/* Made by `python -m frontend.shared.accents`. */\n\n" + "\n".join(rules)


def _chroma(hue: int, lightnesses: tuple[float, ...], most: float) -> float:
    """Return the largest chroma, at most `most`, that sRGB can show at all `lightnesses`."""
    chroma = most
    while chroma > 0 and not all(_is_shown(lightness, chroma, hue) for lightness in lightnesses):
        chroma -= STEP
    return round(chroma, 3)


def _is_shown(lightness: float, chroma: float, hue: float) -> bool:
    return all(-0.001 <= part <= 1.001 for part in to_linear_rgb(lightness, chroma, hue))


def to_linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Return linear red, green and blue of an OKLCH color. Values outside 0 to 1 are outside sRGB."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


if __name__ == "__main__":
    sys.stdout.write(style_sheet())
