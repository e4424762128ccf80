"""The application with less patience, so that a test need not have more."""

from config.asgi import application
from projects import consumers

consumers.SEND_SECONDS = 2.0
consumers.LIFETIME = 20.0

__all__ = ["application"]
