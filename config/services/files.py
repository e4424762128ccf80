"""Files and folders under DATA_DIR: their owner, and secrets."""

import fcntl
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def _give_to_owner_of_parent(path: Path) -> None:
    # `sudo make demo`, or root in a container with the checkout mounted, must not leave files behind that the
    # owner of the checkout can neither use nor delete.
    if os.geteuid() == 0:
        parent = path.parent.stat()
        os.chown(path, parent.st_uid, parent.st_gid)


def make_folder(path: Path, mode: int = 0o755) -> None:
    """Make `path` and its parents where they are missing; they belong to the owner of the folder around them."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir()
        path.chmod(mode)  # not an argument of mkdir(), which the umask would narrow
        _give_to_owner_of_parent(path)


def open_file(path: Path, mode: str) -> IO[bytes]:
    """Open `path` for writing; a new file belongs to the owner of its folder."""
    new = not path.exists()
    file = open(path, mode)  # noqa: SIM115 (the caller closes it)
    if new:
        _give_to_owner_of_parent(path)
    return file


def secret(root: Path, name: str) -> str:
    """Return the random text kept as `name`, made on first use; only its owner can read the file."""
    path = root / "secrets" / name
    with suppress(FileNotFoundError):
        return path.read_text()
    make_folder(path.parent, mode=0o700)
    half_written = path.with_name(f".{name}.{os.getpid()}")
    with open(os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    _give_to_owner_of_parent(half_written)
    half_written.rename(path)
    return path.read_text()


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone; waits for the process that has it."""
    with open_file(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_reachable(path: Path, *, uid: int) -> None:
    """As root, let the system user `uid` walk down to `path`: adds o+x to folders that lack it, and says so."""
    for folder in path.resolve().parents:
        state = folder.stat()
        if state.st_uid == uid or state.st_mode & stat.S_IXOTH:
            continue
        sys.stderr.write(f"services: chmod o+x {folder}, so that user {uid} can reach {path}\n")
        folder.chmod(stat.S_IMODE(state.st_mode) | stat.S_IXOTH)
