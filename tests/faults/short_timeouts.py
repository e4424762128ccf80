"""The application with less patience for slow clients, so that a test need not have more."""

from config import slow_clients
from config.asgi import application

slow_clients.GRACE = slow_clients.LINGER = 1.0

__all__ = ["application"]
