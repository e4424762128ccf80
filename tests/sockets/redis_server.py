"""A Redis of a test's own, which it can stop and start empty."""

import socket
import subprocess
from pathlib import Path

from config.services.redis_server import Redis
from config.services.server import ask, wait_until


class OwnRedis:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder, self.process = folder, None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [Redis(self.folder).program(), "--port", self.port, "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, cwd=self.folder)
        assert wait_until(lambda: b"+PONG" in ask(self.port, b"PING\r\n"), 10)

    def stop(self) -> None:
        """Kill it, with everything that it has."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
