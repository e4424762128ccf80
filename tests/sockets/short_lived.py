"""The application with sockets that live for a moment."""

from config.asgi import application
from projects import consumers

consumers.LIFETIME = 1.0

__all__ = ["application"]
