"""The application with less patience, so that a test need not have more. It says so when it hangs up."""

import sys

from config import slow_clients
from config.asgi import application  # first: it sets Django up

# isort: split
from accounts.live import consumer

consumer.SEND_SECONDS = 2.0
slow_clients.GRACE = 1.0
consumer.LIFETIME = 3600.0
_hang_up = consumer.LiveConsumer._hang_up


def hang_up(socket):
    sys.stderr.write("The client does not read.\n")
    _hang_up(socket)


consumer.LiveConsumer._hang_up = hang_up

__all__ = ["application"]
