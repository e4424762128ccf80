"""Room for the frames of nested calls, so that the time of a call does not depend on the caller's depth.

CPython keeps the frames of Python functions in chunks of 16 KiB. It maps a chunk when a call has no room in the last
one, and unmaps it when that call returns (`push_chunk()` and `_PyThreadState_PopFrame()` in Python/pystate.c). A loop
whose calls cross the end of a chunk maps and unmaps one in each turn, which takes many times as long as the calls. A
parser makes a million short calls, and the middleware decides where the chunk ends.
"""

from collections.abc import Callable

# The frame of `_call` is a little larger than half of a chunk of 128 KiB less the 1,000 slots that CPython adds, so
# such a chunk is mapped for it, once, and what it leaves is for the calls below. The stack of the frame is not written
# to, so it takes addresses and no memory.
_SLOTS = 7_300  # of 8 bytes
ROOM = 128 * 1024 - 8 * _SLOTS - 1024  # bytes of frames below; 1,024 are for the frame's own head


def _call[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)


_call.__code__ = _call.__code__.replace(co_stacksize=_SLOTS)


def call_with_room[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what `function` returns. ROOM bytes of frames below it need no more memory from the system."""
    return _call(function, *args, **kwargs)
