"""`python -m benchmarks.flooding URL HOST AUTHORIZATION`: sends requests until it is killed."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

CONNECTIONS = 8


async def flood(url: str, host: str, authorization: str) -> None:
    """Send one request after the other over each connection, whatever is answered."""
    headers = {"Host": host, "Authorization": authorization}
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=60) as client:

        async def send() -> None:
            while True:
                await client.get(url)

        await asyncio.gather(*(send() for _ in range(CONNECTIONS)))


@contextmanager
def flooding(url: str, host: str, authorization: str) -> Iterator[None]:
    """Send these requests from a separate process until the block ends."""
    command = [sys.executable, "-m", "benchmarks.flooding", url, host, authorization]
    process = subprocess.Popen(command)  # noqa: S603  # our own program
    try:
        time.sleep(2)  # until it floods
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(flood(*sys.argv[1:]))
