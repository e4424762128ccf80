"""config.asgi, with the path `/socket`: it responds with the process and the options of its connection."""

import json
import os
import socket

from config.asgi import application as product


async def application(scope, receive, send):
    if scope["type"] != "http" or scope["path"] != "/socket":
        await product(scope, receive, send)
        return
    connection = send.__self__.transport.get_extra_info("socket")  # uvicorn's
    nodelay = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    body = json.dumps({"pid": os.getpid(), "nodelay": bool(nodelay)}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
