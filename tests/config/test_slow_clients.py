"""The connection of a client that does not read is closed, and the response is not continued."""

import asyncio

from config.slow_clients import GRACE, HangUp
from tests.config.test_fairness import Clock


class Connection:
    """Like a connection of uvicorn: `send()` waits until the client reads, and not at all once it is cut."""

    def __init__(self, reads):
        self.reads, self.sent, self.aborted_at = reads, [], None
        self.transport = self

    async def send(self, message):
        if self.aborted_at is None:
            self.sent.append(message["type"])
            await asyncio.sleep(self.reads.pop(0))

    def abort(self):
        self.aborted_at = asyncio.get_running_loop().time()

    def get_write_buffer_size(self):
        return 0


def answer_to(connection):
    async def application(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def receive():
        return {"type": "http.request"}

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(HangUp(application)({"type": "http"}, receive, connection.send))
    return connection


def test_client_that_does_not_read_is_disconnected_immediately():
    connection = answer_to(Connection([0, GRACE + 1, 0, 0]))
    assert connection.sent == ["http.response.start", "http.response.body"]
    assert connection.aborted_at is not None


def test_client_that_reads_in_time_stays_connected():
    connection = answer_to(Connection([0, GRACE - 1, 0, 0]))
    assert (len(connection.sent), connection.aborted_at) == (4, None)
