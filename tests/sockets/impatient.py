"""The application with less patience, so that a test need not have more."""

from config.asgi import application
from projects import consumers

consumers.SEND_SECONDS = 2.0
consumers.LIFETIME = 8.0

__all__ = ["application"]
