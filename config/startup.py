"""What a web process does before it serves: set socket options, and end with a message for invalid settings."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured

STARTUP_FAILURE = 3  # of uvicorn.config, which takes long to import


@contextmanager
def explained() -> Iterator[None]:
    """End the process when the block raises ImproperlyConfigured, whose message names the setting and the remedy.

    The exit status is 1, and in a child process of `uvicorn --workers` the one for which the parent does not start
    another.
    """
    try:
        yield
    except ImproperlyConfigured as error:
        message = f"Not started. {error}"
        if multiprocessing.parent_process() is None:
            raise SystemExit(message) from None
        sys.stderr.write(f"{message}\n")
        raise SystemExit(STARTUP_FAILURE) from None


def set_nodelay() -> list[int]:
    """Set TCP_NODELAY on the TCP sockets of this process that are or will be listening; return their descriptors.

    Connections inherit it from the listening socket. asyncio sets it for sockets that were created with IPPROTO_TCP;
    those of `uvicorn --workers` and `uvicorn --fd` have no protocol number. Without it, Nagle's algorithm delays each
    response on a kept-alive connection by 40 ms: the body waits until the client acknowledges the head.
    """
    changed = []
    for name in os.listdir("/dev/fd"):
        try:
            found = socket.socket(fileno=int(name))
        except OSError:  # a file, or closed since
            continue
        try:
            if found.family in (socket.AF_INET, socket.AF_INET6) and _awaits_connections(found):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                changed.append(int(name))
        finally:
            found.detach()
    return changed


def _awaits_connections(found: socket.socket) -> bool:
    """Return whether a socket has no peer: uvicorn binds that of its processes first and listens later."""
    try:
        found.getpeername()
    except OSError:
        return found.type == socket.SOCK_STREAM
    return False
