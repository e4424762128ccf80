"""Counts the characters that are folded, as a measure of work that does not depend on the machine."""

import pytest

from tenancy import folding


class Reading(dict[int, str]):
    """The replacement of `folding._images`."""

    def __init__(self, images: dict[int, str]) -> None:
        self.images, self.count = images, 0

    def __getitem__(self, code: int) -> str:
        self.count += 1
        return self.images[code]


def count_reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    reading = Reading(folding._images)
    monkeypatch.setattr(folding, "_images", reading)
    return reading
