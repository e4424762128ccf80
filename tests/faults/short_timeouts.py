"""The application with short timeouts for slow clients, so that tests are fast."""

from config import slow_clients
from config.asgi import application

slow_clients.GRACE = slow_clients.LINGER = 1.0

__all__ = ["application"]
