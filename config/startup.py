"""A process with invalid settings ends with a message and without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured


@contextmanager
def explained() -> Iterator[None]:
    """End the process when the block raises ImproperlyConfigured, whose message names the setting and the remedy."""
    try:
        yield
    except ImproperlyConfigured as error:
        raise SystemExit(f"Not started. {error}") from None
