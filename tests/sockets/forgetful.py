"""The application that catches up with less and waits longer, so that a test need not write as much nor be quick."""

from config.asgi import application
from projects import consumers

consumers.MOST_BEHIND = 30
consumers.SEND_SECONDS = 300.0

__all__ = ["application"]
