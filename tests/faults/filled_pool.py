"""The application with a pool full of idle connections, as after many parallel requests."""

from django.conf import settings
from django.db import connections

from config.asgi import application

pool = connections["default"].pool
for taken in [pool.getconn() for _ in range(settings.POOL_SIZE)]:
    pool.putconn(taken)

__all__ = ["application"]
