"""Whether a broker that took our subscriptions also takes and hands out, and whether nobody else is us.

A broker may grant every subscription and hand out nothing (mosquitto does where its access list forbids
reading), and confirm what it throws away (any broker over MQTT 3.1.1). So we publish a word and wait for it,
or for anything else. It is retained: who finds a new one of somebody else, once the own was heard, is not
alone with its client id.
"""

from __future__ import annotations

EVERY_S = 60.0
"""Asked again when nothing came for so long."""
ANSWER_S = 10.0
"""Nothing for so long after it was asked: the broker hands nothing out."""


class Probe:
    """One client's question to the broker, over all its connections. No I/O, no clock."""

    def __init__(self, topic: str, instance: str) -> None:
        """Nothing was asked yet.

        Args:
            topic: which nobody else reads or writes.
            instance: of this client and no other, also not of an earlier start of it.

        """
        self.topic = topic
        self._instance = instance
        self._number = 0
        self._heard_own = False
        self._others: set[bytes] = set()
        self._asked_at: float | None = None
        self._heard_at = 0.0

    def ask(self, now: float) -> bytes:
        """What to publish, retained."""
        self._number += 1
        self._asked_at = now
        return f"{self._instance}:{self._number}".encode()

    def hear(self, word: bytes) -> bool:
        """A word on the topic; whether it proves that another living client is us.

        What comes before the first own word may be of our own earlier start.
        """
        if word.startswith(self._instance.encode() + b":"):
            self._heard_own = True
            return False
        fresh = word not in self._others
        self._others.add(word)
        return fresh and self._heard_own

    def arrived(self, now: float) -> None:
        """Anything came of the broker's own accord: it hands out."""
        self._asked_at, self._heard_at = None, now

    def due(self, now: float) -> bool:
        """Whether to ask."""
        return now - max(self._asked_at or 0.0, self._heard_at) >= EVERY_S

    def unanswered(self, now: float) -> bool:
        """Whether it was asked and has handed out nothing in good time."""
        return self._asked_at is not None and now - max(self._asked_at, self._heard_at) >= ANSWER_S
