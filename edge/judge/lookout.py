"""One camera's lookout: its eye, and whatever else its rules need to know of a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from devices.site.model import Zone
from edge.judge.panel import Sighting, posts_of
from edge.judge.stays import Ledger
from edge.judge.watch import watch_for
from edge.see.detector import Detector
from edge.see.eye import Eye, Picture
from edge.see.memory import Memory


class Lookout:
    """Looks for the rules of one camera. Not safe for use by several threads at once."""

    def __init__(
        self,
        zones: Iterable[Zone],
        detector: Detector,
        new_id: Callable[[], UUID],
        memory: Memory | None = None,
    ) -> None:
        """Open it; with `memory` its eye goes on where an earlier one stopped."""
        self.posts = posts_of(zones)
        self.eye = Eye(watch_for([post.rule for post in self.posts]), detector, new_id, memory)

    def look(self, picture: Picture, ledgers: Sequence[Ledger]) -> Sighting:
        """Take in one picture; `ledgers` are the rules' (what is open must go on being looked at)."""
        return Sighting(self.eye.look(picture))
