"""Who may do what, by role."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is in the patrol room."""

    OPERATOR = "operator"
    """Looks at the wall: accepts, judges, acknowledges."""
    LEADER = "leader"
    """Leads the shift: all of the operator's, and dispatches, checks, closes."""


ANYONE = frozenset(Role)
LEADERS = frozenset({Role.LEADER})
