"""The hues of accent colors, in degrees of OKLCH. `frontend/accents.py` makes colors of them that can be read."""

HUES = range(0, 360, 15)
