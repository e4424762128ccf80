"""The lifetime of embedded servers: from their first user to their last, without a counter.

Every process that uses them holds a shared lock on `in-use.lock` until it exits. An exiting process tries to get the
lock exclusively. The process that gets it is the last and stops the servers. The system drops locks of a killed
process, so its servers, left over, are adopted by the next one to come and stopped by the last one to go. Coming and
going are serialised by `start.lock`, so no process stops servers that another is just about to use.
"""

import atexit
import fcntl
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.services.files import exclusive_lock, make_folder, open_file, secret
from config.services.server import Server, ServicesError

STOP_SECONDS = 30.0  # PostgreSQL writes its memory to the disk


class Hold:
    """This process's use of the servers, from construction until `release()`, which runs at exit at the latest.

    `wanted` are started unless they run; `known` is every server there is, for the last one to stop.
    `environment` leads to the wanted ones. Raises ServicesError.
    """

    def __init__(self, root: Path, *, wanted: Sequence[Server], known: Sequence[Server]) -> None:
        self._root, self._known = root, known
        with _file_errors_explained(root):
            make_folder(root)
            self._in_use = open_file(root / "in-use.lock", "ab")
            _end_like_ctrl_c_when_terminated()
            atexit.register(self.release)
            # A forked child must not hold the lock. (After exec() it does not have it.)
            os.register_at_fork(after_in_child=self._in_use.close)
            try:
                with exclusive_lock(root / "start.lock"):
                    fcntl.flock(self._in_use, fcntl.LOCK_SH)
                    self.environment = _start(wanted) | {"SECRET_KEY": secret(root, "secret-key")}
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """End the use, and stop the servers when this was the last one. Safe to call again."""
        if self._in_use.closed:
            return
        with _signals_blocked(), self._in_use, exclusive_lock(self._root / "start.lock"):
            if _is_only_holder(self._in_use.fileno()):
                _stop(self._known)


def stop_left_over(root: Path, known: Sequence[Server]) -> None:
    """Stop servers that killed processes left behind. Raises ServicesError when a process uses them."""
    if not root.exists():
        return
    with exclusive_lock(root / "start.lock"), open_file(root / "in-use.lock", "ab") as in_use:
        if not _is_only_holder(in_use.fileno()):
            raise ServicesError(f"The servers in {root} are in use: end `make demo` and the like first.")
        _stop(known)


def _start(servers: Sequence[Server]) -> dict[str, str]:
    for server in servers:
        server.start()
    for server in servers:
        server.wait()
    environment: dict[str, str] = {}
    for server in servers:
        environment |= server.environment(server.port())
    return environment


def _stop(servers: Sequence[Server]) -> None:
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.wait_for_stop(STOP_SECONDS)


def _is_only_holder(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_like_ctrl_c_when_terminated() -> None:
    # By default these signals end Python without its exit handlers, and pytest would take a SystemExit for a failed
    # test. Programs that set handlers (web servers, Celery) install them later.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    # A second Ctrl-C must not interrupt the stopping.
    signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _file_errors_explained(root: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ServicesError(
            f"{error.filename or root} cannot be used by user {os.geteuid()}: {error.strerror}. Give {root} to that "
            f"user (chown -R), remove it with the user who made it, or set DATA_DIR to another folder."
        ) from error
    except OSError as error:
        raise ServicesError(
            f"The servers cannot be prepared in {root}: {error}. If the cause is that folder, set DATA_DIR to another."
        ) from error
