"""One watched camera: its own packets out of the ring to the cloud, for as long as that wants them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from websockets.sync.client import ClientConnection

from devices.errors import MessageError, StreamError
from devices.messages import DeviceStatus
from devices.stream.coded import Stamped
from devices.stream.fragments import Fragments
from devices.stream.status import StreamFacts
from devices.video import LiveState, LiveWord, Place, parse_wish
from edge.video.moving import Mover

log = logging.getLogger(__name__)

PLAYED = "h264"
"""What every browser plays."""
BEAT = 0.04
"""Seconds between two looks into the ring: cameras are read at the same beat."""
STALE = 3.0
"""Seconds without packets after which the picture is called stalled."""
BEHIND = 2.0
"""Seconds of video that may wait for a slow line; then it goes on at the newest key picture."""


class Eyes(Protocol):
    """What is received of the node's cameras."""

    def since(self, camera: str, last: Stamped | None) -> tuple[Stamped, ...]:
        """What came of a camera after `last`; from the newest key unit on where that is not known."""

    def size(self, camera: str) -> tuple[int, int] | None:
        """Width and height of its pictures; None until one was seen."""

    def stream(self, camera: str) -> StreamFacts:
        """How its stream is doing."""

    def ringed(self, camera: str) -> bool:
        """Whether its packets are kept at all."""


class Second(Eyes, Protocol):
    """Another stream of a camera, received while somebody watches."""

    @property
    def lacking(self) -> bool:
        """The camera has none that browsers play."""

    def close(self) -> None:
        """Receive it no more."""


def catch_up(units: Sequence[Stamped]) -> Sequence[Stamped]:
    """What is worth sending of what waited: all, or from the newest key unit on where that is too much."""
    if not units or units[-1].at - units[0].at <= BEHIND:
        return units
    newest = max((number for number, one in enumerate(units) if one.unit.key), default=None)
    return units if newest is None else units[newest:]


def state_of(eyes: Eyes, camera: str) -> LiveState | None:
    """What keeps the picture from being live, as far as the stream tells; None: nothing."""
    if not eyes.ringed(camera):
        return LiveState.STILLS_ONLY
    facts = eyes.stream(camera)
    if facts.state in (DeviceStatus.UNREACHABLE, DeviceStatus.REFUSED) and facts.last_unit_age > STALE:
        return LiveState.AWAY
    return LiveState.STALLED if facts.last_unit_age > STALE else None


@dataclass(slots=True)
class Sent:
    """What one live picture took, for the log."""

    parts: int = 0
    octets: int = 0


class LiveFeed:
    """Sends one camera over one connection until the cloud ends it, or `wanted` says no."""

    def __init__(
        self,
        camera: str,
        eyes: Eyes,
        wanted: Callable[[], bool],
        pressed: Callable[[], bool],
        mover: Mover | None = None,
        second: Callable[[], Second | None] = lambda: None,
    ) -> None:
        """`pressed`: alarms wait for the line, so that pictures must; `mover`: of one that can be moved.

        `second` begins its other stream, where browsers do not play the first; None: it has none.
        """
        self._begin_second = second
        self._second: Second | None = None
        self._mover = mover
        self._camera, self._eyes, self._wanted, self._pressed = camera, eyes, wanted, pressed
        self._fragments = Fragments()
        self._last: Stamped | None = None
        self._word: LiveWord | None = None
        self._codecs = ""
        self.sent = Sent()

    def serve(self, connection: ClientConnection) -> None:
        """Until the cloud ends the connection (ConnectionClosed) or the picture is not wanted any more."""
        try:
            while self._wanted():
                self._step(connection)
                try:
                    self._hear(connection.recv(BEAT))
                except TimeoutError:
                    continue
        finally:
            if self._second is not None:
                self._second.close()

    def _moves(self) -> dict[str, Any]:
        """What a word says of moving."""
        if self._mover is None or not self._mover.able:
            return {}
        presets = tuple(Place(token=one.token, name=one.name) for one in self._mover.presets)
        return {"ptz": True, "presets": presets}

    def _step(self, connection: ClientConnection) -> None:
        for moved in self._mover.said() if self._mover else ():
            connection.send(moved.model_dump_json())
        lacking = self._second is not None and self._second.lacking
        trouble = LiveState.CODEC if lacking else state_of(self._eyes, self._camera)
        if trouble is None and self._pressed():
            trouble = LiveState.HELD
        size = self._eyes.size(self._camera)
        if trouble is not None or size is None:
            # What comes now is let go; it goes on at a key picture, as if it had just been asked for.
            self._last = None
            self._say(connection, trouble or LiveState.OPENING, (0, 0))
            return
        units = self._eyes.since(self._camera, self._last)
        if not units:
            return
        chosen = catch_up(units)
        if self._last is None or chosen[0] is not units[0]:
            self._fragments.forget()
        self._last = units[-1]
        if units[-1].unit.codec != PLAYED:
            self._turn(connection, size)
            return
        try:
            parts = self._fragments.take(chosen, size)
        except StreamError as error:
            log.info("%s: gives no live picture: %s", self._camera, error)
            self._say(connection, LiveState.CODEC, size)
            return
        for part in parts:
            if part.codecs:
                self._codecs = part.codecs
            self._say(connection, LiveState.LIVE, size)
            connection.send(bytes((part.kind,)) + part.data)
            self.sent.parts += 1
            self.sent.octets += len(part.data)

    def _turn(self, connection: ClientConnection, size: tuple[int, int]) -> None:
        """Browsers do not play this: on to the camera's other stream, where it may have one."""
        self._second = self._begin_second()
        if self._second is None:
            self._say(connection, LiveState.CODEC, size)
            return
        self._eyes, self._last = self._second, None
        self._fragments.forget()

    def _hear(self, frame: str | bytes) -> None:
        """Somebody who watches wishes something."""
        if self._mover is None or isinstance(frame, bytes):
            return
        try:
            self._mover.wish(parse_wish(frame))
        except MessageError as error:
            log.debug("a wish that this version does not know: %s", error)

    def _say(self, connection: ClientConnection, state: LiveState, size: tuple[int, int]) -> None:
        word = LiveWord(state=state, codecs=self._codecs, width=size[0], height=size[1], **self._moves())
        if word != self._word:
            self._word = word
            connection.send(word.model_dump_json())
