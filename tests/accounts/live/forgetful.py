"""The application that catches up with less and waits longer, so that a test need not write as much nor be quick."""

from config.asgi import application  # first: it sets Django up

# isort: split
from accounts.live import consumer

consumer.MOST_BEHIND = 30
consumer.SEND_SECONDS = 300.0

__all__ = ["application"]
