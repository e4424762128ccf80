"""`python -m benchmarks.flooding URL HOST AUTHORIZATION`: sends requests until it is killed."""

import asyncio
import sys

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


if __name__ == "__main__":
    asyncio.run(flood(*sys.argv[1:]))
