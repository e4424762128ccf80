"""The application with sockets that live for a moment."""

from config.asgi import application  # first: it sets Django up

# isort: split
from accounts.live import consumer

consumer.LIFETIME = 1.0

__all__ = ["application"]
