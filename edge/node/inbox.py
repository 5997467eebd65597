"""What waits for the thread that decides about sensors."""

from __future__ import annotations

import queue
from collections import deque

from devices.sensors.client import Delivery
from devices.sensors.direct import Direct

CAPACITY = 1000
"""Messages kept in memory; when they are not taken, nobody reads on."""


class Inbox(queue.Queue[Delivery | Direct]):
    """A queue in which what is urgent goes first; else, and among the urgent, in order of arrival."""

    def _init(self, maxsize: int) -> None:
        self._urgent: deque[Delivery | Direct] = deque()
        self._usual: deque[Delivery | Direct] = deque()

    def _qsize(self) -> int:
        return len(self._urgent) + len(self._usual)

    def _put(self, item: Delivery | Direct) -> None:
        urgent = isinstance(item, Direct) and item.urgent
        (self._urgent if urgent else self._usual).append(item)

    def mark(self, item: Direct) -> None:
        """Put `item` behind all that waits, however much that is: once it is decided, so is all before it."""
        with self.mutex:
            self._put(item)
            self.not_empty.notify()

    def _get(self) -> Delivery | Direct:
        return (self._urgent or self._usual).popleft()
