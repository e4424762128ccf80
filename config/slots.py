"""A semaphore that threads and the event loop share."""

import asyncio
import threading
from collections import deque
from contextlib import ExitStack


class Slots:
    """A semaphore: any thread takes a slot that is free and gives it back, and the event loop can wait for one.

    First come, first served. `lock` is reentrant; the slots of one TakeTurns share it.
    """

    def __init__(self, number: int, lock: "threading.RLock") -> None:
        self._free, self._lock = number, lock
        self._waiting: deque[asyncio.Future[None]] = deque()

    def locked(self) -> bool:
        """Return whether no slot is free."""
        return not self._free

    def take_now(self, held: ExitStack) -> bool:
        """Take a slot until `held` is closed, if one is free. Return whether it is taken."""
        with self._lock:
            if self.locked():
                return False
            self._free -= 1
        held.callback(self._give_back)
        return True

    async def take(self, held: ExitStack) -> None:
        """Wait for a slot and take it until `held` is closed."""
        with self._lock:
            if self.take_now(held):
                return
            given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(given)
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():  # given and canceled at once
                self._give_back()
            raise
        held.callback(self._give_back)

    def _give_back(self) -> None:
        """Give the slot to the request that has waited for longest."""
        with self._lock:
            while self._waiting:
                given = self._waiting.popleft()
                if not given.cancelled():
                    given.get_loop().call_soon_threadsafe(self._give, given)
                    return
            self._free += 1

    def _give(self, given: "asyncio.Future[None]") -> None:
        if given.cancelled():
            self._give_back()
        else:
            given.set_result(None)
