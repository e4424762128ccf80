"""The hues of accent colors, in degrees of OKLCH. `frontend/shared/accents.py` derives readable colors from them."""

HUES = range(0, 360, 15)
