"""Who wants which picture, and where it is: what the API processes tell each other. Pure.

Each process says all of its own of a node again and again; what is not said again is forgotten. So a process
that dies, or a notification that is lost, is over after `LIFE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

LIFE = 12.0
"""Seconds that a notice counts."""
AGAIN = 4.0
"""Seconds after which it is said again."""


class Notice(BaseModel, frozen=True):
    """What one process says of one node."""

    process: str
    node: str
    at: str | None = None
    """Where the other processes reach it; None: they cannot."""
    ticket: str = ""
    """By which it is known when it asks another process for a picture: who has it reads the database."""
    live: frozenset[str] = frozenset()
    """Cameras that are watched there."""
    stills: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    """Cameras that the node brings there."""
    album: bool = False
    """The node brings its stills there."""

    @property
    def says_nothing(self) -> bool:
        """Nothing is wanted or held."""
        return not (self.live or self.stills or self.holds or self.album)


def parse_notice(text: str) -> Notice | None:
    """A notice as it travels; None: of another version."""
    try:
        return Notice.model_validate_json(text)
    except ValidationError:
        return None


@dataclass(slots=True)
class Board:
    """The newest notices of all processes."""

    _notices: dict[tuple[str, str], tuple[Notice, float]] = field(default_factory=dict)

    def hear(self, notice: Notice, now: float) -> None:
        """The newest of that process and node; monotonic `now`."""
        if notice.says_nothing:
            self._notices.pop((notice.process, notice.node), None)
        else:
            self._notices[notice.process, notice.node] = (notice, now)

    def live(self, node: str, now: float) -> frozenset[str]:
        """The cameras of a node that anybody watches."""
        return frozenset().union(*(one.live for one in self._of(node, now)))

    def stills(self, node: str, now: float) -> frozenset[str]:
        """The cameras of a node at whose stills anybody looks."""
        return frozenset().union(*(one.stills for one in self._of(node, now)))

    def holder(self, node: str, camera: str, now: float, me: str) -> Notice | None:
        """Another process that the node brings the camera to, and that can be asked."""
        return self._first(one for one in self._of(node, now) if camera in one.holds and one.process != me)

    def album(self, node: str, now: float, me: str) -> Notice | None:
        """Another process that the node brings its stills to, and that can be asked."""
        return self._first(one for one in self._of(node, now) if one.album and one.process != me)

    def knows(self, ticket: str, now: float) -> bool:
        """Whether a process that is there has that ticket."""
        return bool(ticket) and any(
            one.ticket == ticket for one, heard in self._notices.values() if now - heard < LIFE
        )

    def _of(self, node: str, now: float) -> list[Notice]:
        return [one for one, heard in self._notices.values() if one.node == node and now - heard < LIFE]

    @staticmethod
    def _first(found: Iterable[Notice]) -> Notice | None:
        return min((one for one in found if one.at), key=lambda one: one.process, default=None)
