"""Moving one watched camera: the newest wish counts, and who wishes no more stops it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from devices.errors import CameraError
from devices.onvif.ptz import Preset, Velocity
from devices.video import MOVE_LIFE, Moved, MoveWish, PresetWish

log = logging.getLogger(__name__)

SPARE = 1.0
"""Seconds more that the camera itself is told to move, should this node die meanwhile."""


class Movable(Protocol):
    """What a camera's PTZ service does; see `devices.onvif.ptz.MovableCamera`."""

    def movable(self) -> bool:
        """Whether it can be moved at all."""

    def move(self, velocity: Velocity, seconds: float) -> None:
        """Move for at most so long."""

    def stop(self) -> None:
        """Move no longer."""

    def go_to(self, preset: str) -> None:
        """Go to a preset."""

    def presets(self) -> tuple[Preset, ...]:
        """Where it can be sent."""


class Mover:
    """Of one camera, on a thread of its own: cameras answer when they like."""

    def __init__(self, camera: str, make: Callable[[], Movable], monotonic: Callable[[], float]) -> None:
        """`make`: may raise `CameraError` where there is no log-in."""
        self._camera, self._make, self._monotonic = camera, make, monotonic
        self._changed = threading.Condition()
        self._wish: MoveWish | PresetWish | None = None
        self._ended = False
        self._said: list[Moved] = []
        self.presets: tuple[Preset, ...] = ()
        self.able = False
        """It can be moved; known some time after `start`."""
        self._thread = threading.Thread(target=self._run, name=f"move-{camera}", daemon=True)

    def start(self) -> None:
        """Begin to ask the camera what it can."""
        self._thread.start()

    def end(self) -> None:
        """Stop it, if it moves, and end; any thread."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wish(self, wish: MoveWish | PresetWish) -> None:
        """What is wished now takes the place of what was wished before; any thread."""
        with self._changed:
            self._wish = wish
            self._changed.notify_all()

    def said(self) -> list[Moved]:
        """What became of wishes since this was asked last; any thread."""
        with self._changed:
            said, self._said = self._said, []
            return said

    def _run(self) -> None:
        try:
            camera = self._make()
            if not camera.movable():
                return
            self.presets = camera.presets()
        except CameraError as error:
            log.info("%s: is not moved: %s", self._camera, error)
            return
        self.able = True
        self._serve(camera)

    def _serve(self, camera: Movable) -> None:
        stop_at: float | None = None
        while True:
            with self._changed:
                left = None if stop_at is None else max(0.0, stop_at - self._monotonic())
                self._changed.wait_for(lambda: self._wish is not None or self._ended, left)
                wish, self._wish = self._wish, None
                ended = self._ended
            over = stop_at is not None and (ended or (wish is None and self._monotonic() >= stop_at))
            if over:
                stop_at = None
                self._do(camera.stop)
            if ended:
                return
            if isinstance(wish, PresetWish):
                stop_at = None
                self._do(partial(camera.go_to, wish.token))
            elif wish is not None:
                velocity = Velocity(wish.pan, wish.tilt, wish.zoom)
                stop_at = None if velocity.still else self._monotonic() + MOVE_LIFE
                self._do(partial(camera.move, velocity, MOVE_LIFE + SPARE))

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
            moved = Moved(ok=True)
        except CameraError as error:
            log.warning("%s: did not move: %s", self._camera, error)
            moved = Moved(ok=False, why="failed")
        with self._changed:
            self._said.append(moved)


def mover_for(camera: str, make: Callable[[], Movable] | None) -> Mover | None:
    """A mover, begun; None for a camera that is not spoken to over ONVIF."""
    if make is None:
        return None
    mover = Mover(camera, make, time.monotonic)
    mover.start()
    return mover
