"""The nine roles, and which of them are bound to a place or an organisation."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is. What each may do stands in `cloud.people.matrix`."""

    OPERATOR = "operator"
    """Patrol operator 值班员: looks at the wall; accepts, judges, acknowledges."""
    LEADER = "leader"
    """Shift leader 值班长: all of the operator's, and files, dispatches, approves, closes."""
    GRID_WORKER = "grid_worker"
    """网格员: finds and handles in the own grids."""
    GRID_LEADER = "grid_leader"
    """网格长: leads the workers of the own grids."""
    COMMUNITY = "community"
    """社区: the second level; calls departments in and rates them."""
    DEPARTMENT = "department"
    """A department 部门, or an operator company: handles what it is given or called into."""
    STREET = "street"
    """街道: the third level; looks after registry and policies."""
    AUDITOR = "auditor"
    """Reads logs and figures; pictures only with a reason."""
    ADMINISTRATOR = "administrator"
    """Looks after nodes and people, and sees no cases. No first user has it: `gridwatch cloud user add`."""


ANYONE = frozenset({Role.OPERATOR, Role.LEADER})
"""Whoever works in the patrol room."""
LEADERS = frozenset({Role.LEADER})

OF_AREAS = frozenset({Role.GRID_WORKER, Role.GRID_LEADER, Role.COMMUNITY})
"""See their areas only: without any area, nothing but what is theirs by name."""
OF_STREET = frozenset({Role.OPERATOR, Role.LEADER, Role.STREET, Role.AUDITOR})
"""See the whole street, unless they have areas."""
