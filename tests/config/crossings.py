"""The application, with a count of the crossings between event loop and threads that each request costs.

A crossing is work that the event loop gives to a thread, or that a thread gives to the event loop. `GET /crossings`
returns the counts as JSON: path to the list of its requests.
"""

import asyncio
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.current_thread_executor import CurrentThreadExecutor

from config import asgi

made: list[str] = []
of_requests: dict[str, list[int]] = defaultdict(list)


def count(owner: Any, name: str) -> None:
    """Count each call of a function."""
    called = getattr(owner, name)

    def counted(*args: Any, **kwargs: Any) -> Any:
        made.append(name)
        return called(*args, **kwargs)

    setattr(owner, name, counted)


count(ThreadPoolExecutor, "submit")
count(CurrentThreadExecutor, "submit")
count(asyncio.BaseEventLoop, "call_soon_threadsafe")  # also the result of what a thread has done
count(asyncio, "run_coroutine_threadsafe")  # its result: the thread waits for it


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/crossings":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(of_requests).encode()})
        return
    before = len(made)
    await asgi.application(scope, receive, send)
    of_requests[scope["path"]].append(len(made) - before)
