"""Counts round trips to PostgreSQL and Redis by the messages that the clients send."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from redis.connection import AbstractConnection


@contextmanager
def postgresql_round_trips(connection: psycopg.Connection[Any]) -> Iterator[list[int]]:
    """Give a list that contains the number for `connection` after the block, from libpq's own trace."""
    counted: list[int] = []
    with tempfile.TemporaryFile() as trace:
        connection.pgconn.trace(trace.fileno())
        try:
            yield counted
        finally:
            connection.pgconn.untrace()
        os.lseek(trace.fileno(), 0, os.SEEK_SET)
        counted.append(trace.read().count(b"ReadyForQuery"))


@contextmanager
def redis_round_trips() -> Iterator[list[bytes]]:
    """Give a list of the messages that this process sends to Redis in the block. A pipeline is one message."""
    sent: list[bytes] = []
    send = AbstractConnection.send_packed_command

    def record(self: Any, command: Any, check_health: bool = True) -> Any:
        sent.append(b"".join([command] if isinstance(command, bytes) else command))
        return send(self, command, check_health)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AbstractConnection, "send_packed_command", record)
        yield sent
