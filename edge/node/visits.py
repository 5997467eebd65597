"""Work that one thread does for others, between its own: so that what it owns needs no locks."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from devices.errors import DevicesError
from edge.errors import EdgeError

log = logging.getLogger(__name__)

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds for the owning thread to come to it."""


class Visits:
    """Asked by many threads, done by one."""

    def __init__(self, nudge: Callable[[], None] = lambda: None) -> None:
        """`nudge` tells the owning thread that somebody waits."""
        self._nudge = nudge
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()

    def ask(self, work: Callable[[], T], patience: float = PATIENCE) -> T:
        """Have `work` done by the owning thread; what it answers.

        Raises:
            EdgeError: the thread did not come to it in time; or what the work raised.
            DevicesError: what the work raised.
        """
        future: Future[T] = Future()
        self._waiting.put((work, future))
        self._nudge()
        try:
            return future.result(patience)
        except TimeoutError:
            if not future.cancel():
                return future.result(patience)
            raise EdgeError(f"the node did not come to it within {patience:g} s") from None

    def post(self, work: Callable[[], object]) -> None:
        """Have `work` done by the owning thread, without waiting for it; what goes wrong is logged."""
        future: Future[object] = Future()
        future.add_done_callback(_logged)
        self._waiting.put((work, future))
        self._nudge()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The owning thread stands still between two pieces of its work for as long as the block lasts.

        Raises:
            EdgeError: the thread did not come to it in time; the block was not entered.
        """
        come, go = threading.Event(), threading.Event()

        def stand() -> None:
            come.set()
            go.wait()

        future: Future[None] = Future()
        self._waiting.put((stand, future))
        self._nudge()
        try:
            if not come.wait(PATIENCE):
                if future.cancel():
                    raise EdgeError(f"the node did not come to it within {PATIENCE:g} s")
                come.wait()  # it comes just now
            yield
        finally:
            go.set()

    def do(self) -> None:
        """Do all that waits; on the owning thread."""
        while not self._waiting.empty():
            work, future = self._waiting.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                answer = work()
            except (EdgeError, DevicesError) as error:
                future.set_exception(error)
            else:
                future.set_result(answer)


def _logged(future: Future[object]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("%s", error)
