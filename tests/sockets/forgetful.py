"""The application that catches up with less, so that a test need not write as much."""

from config.asgi import application
from projects import consumers

consumers.MOST_BEHIND = 100

__all__ = ["application"]
