"""`try` and `cancel`: one at a time, beside the node, never in its way."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from devices.link import CancelBody, Command, Shown, TryBody
from edge.keep.stills import Stills
from edge.link.desk import Done
from edge.trying.child import WALL

log = logging.getLogger(__name__)

GRACE = 60.0
"""Seconds beyond its own end after which the process is ended: a machine without time starts slowly."""
PASSED_ON = ("PATH", "HOME", "LANG", "GRIDWATCH_CACHE", "LD_LIBRARY_PATH")
"""Of the environment; the cameras' log-ins and the node's token stay here."""
ROOT = Path(__file__).parents[2]


class TryDesk:
    """Two handlers. What is tried is answered through `finished` when it is done."""

    def __init__(
        self,
        stills: Stills,
        model: str,
        env: Mapping[str, str],
        finished: Callable[[UUID, Done], None],
    ) -> None:
        """`model`: the detector's name or description, as of `detector_from`."""
        self._stills, self._model, self._finished = stills, model, finished
        self._env = {name: env[name] for name in PASSED_ON if name in env} | {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
        }
        self._lock = threading.Lock()
        self._running: UUID | None = None
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False
        self._last: tuple[UUID, Done] | None = None
        """What was answered last, for a repeat of the command."""

    def begin(self, command: Command, cameras: Sequence[str], timezone: str) -> Done | None:
        """`try`, on one of `cameras`; schedules go by `timezone` (IANA)."""
        body = TryBody.model_validate(command.body)
        if body.camera not in cameras:
            return Done(reason=f"{body.camera} is no camera of this node")
        with self._lock:
            if self._last is not None and self._last[0] == command.id:
                return self._last[1]
            if self._running == command.id:
                return None
            if self._running is not None:
                return Done(reason="something else is being tried on this node; wait for it, or cancel it")
            times = self._stills.times(body.camera)
            if not times:
                return Done(reason=f"there is no picture of {body.camera} in the last hour")
            self._running, self._cancelled = command.id, False
        order = {
            "zones": body.zones,
            "stills": [(at.isoformat(), str(self._stills.path(body.camera, at))) for at in times],
            "timezone": timezone,
            "model": self._model,
        }
        work = threading.Thread(target=self._try, args=(command.id, order), name="try", daemon=True)
        work.start()
        return None

    def cancel(self, command: Command) -> Done:
        """`cancel`: what is being tried is tried no longer."""
        body = CancelBody.model_validate(command.body)
        with self._lock:
            if self._running != body.command_id:
                return Done(reason="it is not being tried")
            self._end()
        return Done()

    def close(self) -> None:
        """Nothing is tried any longer; any thread."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._cancelled = True
        if self._process is not None:
            self._process.kill()

    def _try(self, command: UUID, order: dict[str, Any]) -> None:
        began = time.monotonic()
        done = self._done(order)
        with self._lock:
            if self._cancelled:
                done = Done(reason="it was cancelled")
            self._running, self._process = None, None
            self._last = (command, done)
        log.info("tried for %.0f s", time.monotonic() - began)
        self._finished(command, done)

    def _done(self, order: dict[str, Any]) -> Done:
        words = [sys.executable, "-m", "edge.trying.child"]
        try:
            process = subprocess.Popen(  # noqa: S603 - our own words
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, env=self._env, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return Done(reason=f"nothing can be tried here: {os.strerror(error.errno or 0)}")
        with self._lock:
            self._process = process
            if self._cancelled:
                process.kill()
        try:
            said, complaint = process.communicate(json.dumps(order), WALL + GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Done(reason="it took too long")
        if process.returncode != 0:
            log.warning("what tries ended with %d: %s", process.returncode, complaint[-500:])
            return Done(reason="what tries ended before it was done; the node's log says more")
        found = json.loads(said)
        if "fault" in found:
            return Done(reason=found["fault"])
        return Done(found["result"], pictures=tuple(Shown.model_validate(one) for one in found["pictures"]))
