"""The port of the running demo, for commands that print links.

The demo holds a lock on `.data/demo.lock` until it exits. The file's content is the port, which is valid only while
the lock is held: a killed demo leaves the file, and the system drops its lock.
"""

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import IO

from config.services.files import make_folder, open_file

_held: list[IO[bytes]] = []  # until this process exits


def announce_port(root: Path, port: int) -> None:
    """Let `announced_port()` return `port` as long as this process lives, unless another process announces its own."""
    make_folder(root)
    file = open_file(root / "demo.lock", "ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return
    file.truncate(0)
    file.write(str(port).encode())
    file.flush()
    _held.append(file)


def announced_port(root: Path) -> int | None:
    """Return the port of the demo that runs on the data in `root`, None when there is none."""
    with suppress(OSError, ValueError), open(root / "demo.lock", "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read())
    return None
