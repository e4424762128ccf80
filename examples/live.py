"""Follow a project over the WebSocket, as a client program does.

    python examples/live.py [BASE [EMAIL [PASSWORD [ACCOUNT [EVENTS]]]]]

Prints what happens in the account's first project, forever or until so many EVENTS have come. The defaults are those
of `make demo`. Needs httpx and websockets. Open the project in a browser beside it, and stop the server for a while:
it continues after the last event.
"""

import argparse
import asyncio
import json
import random
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

API = "/api/v1"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds


@dataclass
class Place:
    """The position of the client: the project, and the number of its last received event."""

    project: str
    seq: int | None = None
    taken: int = 0


async def main() -> None:
    arguments = read_arguments()
    async with open_api(arguments) as api:
        credentials = {"email": arguments.email, "password": arguments.password}
        tokens = await read(api, "POST", f"{API}/auth/token/", json=credentials)
        projects = await read(api, "GET", f"{API}/projects/", token=tokens["access"])
        project = projects["results"][0]
        print(f"Following {project['key']}.", flush=True)
        await follow(arguments, api, tokens, Place(project["id"]))


async def follow(arguments: argparse.Namespace, api: httpx.AsyncClient, tokens: Any, place: Place) -> None:
    """Keep a socket open until there were enough events, and reconnect with a growing delay."""
    pause = FIRST_PAUSE
    while not enough(arguments, place):
        try:
            async with open_socket(arguments, tokens["access"]) as socket:
                since = {} if place.seq is None else {"since": place.seq}
                await socket.send(json.dumps({"type": "subscribe", "project": place.project, **since}))
                async for text in socket:
                    take(json.loads(text), place)
                    pause = FIRST_PAUSE
                    if enough(arguments, place):
                        return
        except ConnectionClosed:
            pass
        except (OSError, WebSocketException):
            print("The server is not there.", flush=True)
            socket = None
        code = socket.close_code if socket else None
        if code == 4403 and socket.close_reason != "role_changed":
            raise SystemExit(f"No access any more: {socket.close_reason}.")
        if code == 4401:  # the token has expired: a refresh token works once, and the answer has the next one
            tokens = await read(api, "POST", f"{API}/auth/token/refresh/", json={"refresh": tokens["refresh"]})
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # no secret
        pause = min(2 * pause, LONGEST_PAUSE)


def take(frame: Any, place: Place) -> None:
    """Handle one frame."""
    if frame["type"] == "subscribed":
        if place.seq is None:
            place.seq = frame["seq"]
            print(f"At event {place.seq}.", flush=True)
    elif frame["type"] == "event":
        place.seq = frame["seq"]
        place.taken += 1
        shown = frame["object"] or {}
        name = shown.get("title") or shown.get("name") or shown.get("body") or ""
        print(f"{frame['seq']} {frame['verb']}{f': {name}' if name else ''}", flush=True)
    elif frame["type"] == "resync":
        print("Too much has happened: a real client would reload the project now.", flush=True)
    elif frame["type"] == "error":
        raise SystemExit(f"{frame['code']}: {frame['detail']}")


def enough(arguments: argparse.Namespace, place: Place) -> bool:
    return arguments.events is not None and place.taken >= arguments.events


def open_socket(arguments: argparse.Namespace, access: str) -> connect:
    """Connect to this machine for every name: Python's resolver does not support `*.localhost`."""
    host, port = f"{arguments.account}.{arguments.base}", port_of(arguments)
    protocols = ["commonhold.v1", f"bearer.{access}"]
    return connect(f"ws://{host}/ws/", subprotocols=protocols, host="127.0.0.1", port=port, proxy=None)


def open_api(arguments: argparse.Namespace) -> httpx.AsyncClient:
    headers = {"Host": f"{arguments.account}.{arguments.base}"}
    base = f"http://127.0.0.1:{port_of(arguments)}"
    return httpx.AsyncClient(base_url=base, headers=headers, timeout=30, trust_env=False)


def port_of(arguments: argparse.Namespace) -> int:
    return int(arguments.base.partition(":")[2] or 80)


async def read(api: httpx.AsyncClient, method: str, path: str, token: str = "", **options: Any) -> Any:
    """Return the response of the API. An error ends the program with its message."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = await api.request(method, path, headers=headers, **options)
    data = response.json()
    if response.is_error:
        raise SystemExit(f"{method} {path}: {response.status_code} {data['code']}: {data['detail']}")
    return data


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", nargs="?", default="localhost:8000", help="host and port of the public site")
    parser.add_argument("email", nargs="?", default="demo@example.com")
    parser.add_argument("password", nargs="?", default="password")
    parser.add_argument("account", nargs="?", default="tenant-0", help="the account to follow")
    parser.add_argument("events", nargs="?", type=int, help="how many to wait for; all if not given")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
