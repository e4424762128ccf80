"""The application with sockets that live for a moment."""

from accounts.live import consumer
from config.asgi import application

consumer.LIFETIME = 1.0

__all__ = ["application"]
