"""Who may do what, by role."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is in the patrol room."""

    OPERATOR = "operator"
    """Looks at the wall: accepts, judges, acknowledges."""
    LEADER = "leader"
    """Leads the shift: all of the operator's, and dispatches, checks, closes."""
    ADMINISTRATOR = "administrator"
    """Looks after nodes: enrols, revokes. No first user has it; `gridwatch cloud user add` makes one."""


ANYONE = frozenset({Role.OPERATOR, Role.LEADER})
"""Whoever works on incidents."""
LEADERS = frozenset({Role.LEADER})
