"""How old a message was when it was sent, by the clock that dated it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.messages import HISTORY_AFTER_S


@dataclass(frozen=True, slots=True)
class Ages:
    """Of one batch. A node's clock may be hours off: ages are taken between two of its own times."""

    received_at: datetime
    """The cloud's clock."""
    sent_at: datetime | None
    """The node's clock; None where it does not say."""

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds the node's clock is ahead, less the way here; None where it does not say its time."""
        return None if self.sent_at is None else (self.sent_at - self.received_at).total_seconds()

    def is_history(self, time: datetime) -> bool:
        """Whether a message dated `time` came so late that it calls nobody."""
        return ((self.sent_at or self.received_at) - time).total_seconds() > HISTORY_AFTER_S


def sent_at(header: str | None) -> datetime | None:
    """The time a node says; None where it says none or none that can be read."""
    if header is None:
        return None
    try:
        found = datetime.fromisoformat(header)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
