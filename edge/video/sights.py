"""What live pictures need of the node's cameras, out of its reception."""

from __future__ import annotations

from datetime import datetime

from devices.stream.coded import Stamped
from devices.stream.status import StreamFacts
from edge.node.reception import Reception


class ReceptionSights:
    """See `edge.video.desk.Sights`."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def since(self, camera: str, last: Stamped | None) -> tuple[Stamped, ...]:
        """What came of a camera after `last`; from the newest key unit on where that is not known."""
        return self._reception.ring.since(camera, last)

    def size(self, camera: str) -> tuple[int, int] | None:
        """Width and height of its pictures; None until one was seen."""
        return self._reception.size(camera)

    def stream(self, camera: str) -> StreamFacts:
        """How its stream is doing."""
        return self._reception.stream(camera)

    def ringed(self, camera: str) -> bool:
        """Whether its packets are kept at all."""
        return self._reception.intake(camera) is not None

    def taken_at(self, camera: str, at: float) -> datetime | None:
        """UTC of a stream time of that camera, as far as it is known."""
        intake = self._reception.intake(camera)
        return None if intake is None else intake.taken_at(at)

    def wake(self, camera: str) -> None:
        """Look at a camera's next key frame."""
        self._reception.wake(camera)
