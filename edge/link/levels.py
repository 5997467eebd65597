"""`log_level`: one logger says more, or less, for a time."""

from __future__ import annotations

import logging
import threading

from devices.link import Command, LogLevelBody
from edge.link.desk import Done

log = logging.getLogger(__name__)


class LogLevels:
    """A handler; `close` puts everything back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._before: dict[str, int] = {}
        """What each changed logger had before the first change."""
        self._timers: dict[str, threading.Timer] = {}

    def __call__(self, command: Command) -> Done:
        """Set the level now, and back after its time."""
        body = LogLevelBody.model_validate(command.body)
        named = logging.getLogger(body.logger or None)
        timer = threading.Timer(body.seconds, self._back, (body.logger,))
        timer.name, timer.daemon = "log-level", True
        with self._lock:
            self._before.setdefault(body.logger, named.level)
            earlier = self._timers.pop(body.logger, None)
            if earlier is not None:
                earlier.cancel()
            named.setLevel(body.level)
            self._timers[body.logger] = timer
            timer.start()
        log.info("%s logs from %s on, for %g s", body.logger or "everything", body.level, body.seconds)
        return Done({"logger": body.logger, "level": body.level, "seconds": body.seconds})

    def close(self) -> None:
        """Put every level back."""
        for name in list(self._timers):
            self._back(name)

    def _back(self, name: str) -> None:
        with self._lock:
            timer = self._timers.pop(name, None)
            if timer is not None:
                timer.cancel()
                logging.getLogger(name or None).setLevel(self._before.pop(name))
