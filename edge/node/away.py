"""A cloud that is away, told locally: a program of the machine's administrator is run, never the site's."""

from __future__ import annotations

import logging
import shlex
import subprocess
import threading
from collections.abc import Mapping

log = logging.getLogger(__name__)

COMMAND = "GRIDWATCH_CLOUD_AWAY_COMMAND"
AFTER = 300.0
"""Seconds without the cloud before anybody is told: lines drop for a moment all the time."""
PATIENCE = 30.0
"""Seconds the program may take."""


class CloudAway:
    """Runs the program of `COMMAND` with the word `away`, and once the cloud answers with `back`."""

    def __init__(self, env: Mapping[str, str], after: float = AFTER) -> None:
        """Without the variable it does nothing."""
        self._command = shlex.split(env.get(COMMAND, ""))
        self._after = after
        self._lock = threading.Lock()
        self._waiting: threading.Timer | None = None
        self._told = False

    def tell(self, *, up: bool) -> None:
        """The cloud answers, or does not."""
        if not self._command:
            return
        with self._lock:
            if not up and self._waiting is None and not self._told:
                self._waiting = threading.Timer(self._after, self._gone)
                self._waiting.daemon = True
                self._waiting.start()
            elif up:
                self._forget()
                if self._told:
                    self._told = False
                    threading.Thread(target=self._run, args=("back",), daemon=True).start()

    def close(self) -> None:
        """Nothing is run any more."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _gone(self) -> None:
        with self._lock:
            if self._waiting is None:
                return
            self._waiting, self._told = None, True
        self._run("away")

    def _run(self, word: str) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - the administrator's, without a shell
                [*self._command, word], stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("%s: %s %s: %s", COMMAND, self._command[0], word, type(error).__name__)
            return
        if done.returncode:
            log.warning("%s: %s %s ended with %d", COMMAND, self._command[0], word, done.returncode)
