"""The cache of HTML in the memory of each process."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable


class HTMLCache:
    """An LRU cache of HTML, of at most `most` bytes in total.

    A value of more than a sixteenth of that is not cached, because it would drop those of many others.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._html: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: Hashable) -> str | None:
        """Return the HTML of a key, None if it is not cached."""
        with self._lock:
            if key in self._html:
                self._html.move_to_end(key)
            return self._html.get(key)

    def put(self, key: Hashable, html: str) -> None:
        """Cache the HTML of a key and drop the least recently used ones."""
        with self._lock:
            size = sys.getsizeof(html)
            if key in self._html or size > self.most / 16:  # another request may have rendered it meanwhile
                return
            self._html[key] = html
            self.bytes += size
            while self.bytes > self.most:
                _, dropped = self._html.popitem(last=False)
                self.bytes -= sys.getsizeof(dropped)

    def clear(self) -> None:
        with self._lock:
            self._html.clear()
            self.bytes = 0
