"""How what a desk decided becomes a message: in one place, so that rules that join can have their say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from devices.messages import Condition
from edge.keep.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Fact:
    """What a rule holds to be so at a point: one revision of one condition.

    Its times stand in the condition in UTC and here on the node's monotonic clock, on which facts of cameras
    and of sensors can be held against each other.
    """

    condition: Condition
    """Whole, as the cloud would be told it."""
    at: float
    """When that was decided, by what was seen or measured; not when it was heard of."""
    since: float
    """When it began."""
    heard_at: datetime
    """When it was heard of, UTC: the time of its message, by which live is told from history."""


class Teller(Protocol):
    """Is shown every fact of a desk before it is kept, on that desk's thread."""

    def tell(self, tx: Transaction, fact: Fact) -> None:
        """Queue what the cloud shall know of it, in the transaction that keeps the rule's state.

        Raises:
            StoreError: it cannot be kept; the desk decides the same again.
        """
        ...

    def kept(self, facts: Sequence[Fact]) -> None:
        """These were told, and the transaction is committed."""
        ...


class Plain:
    """Tells every fact as it is."""

    def tell(self, tx: Transaction, fact: Fact) -> None:
        """Queue the condition."""
        tx.queue(fact.condition, fact.heard_at)

    def kept(self, facts: Sequence[Fact]) -> None:
        """Nothing more is to be done."""
