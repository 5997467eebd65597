"""The words of the authorisation matrix: who may, and on what it depends where the asked thing lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cloud.people.roles import Role

R = Role


@dataclass(frozen=True, slots=True)
class Who:
    """Those who are let in, under one name."""

    name: str
    roles: frozenset[Role] = frozenset()


PUBLIC = Who("anybody")
"""No session needed."""
NODES = Who("edge nodes")
"""With a node's credential, which speaks for its own points only."""

ALL = Who("whoever is logged in", frozenset(R))
SEE = Who("those who see cases", frozenset(R) - {R.ADMINISTRATOR})
WATCH = Who("patrol room", frozenset({R.OPERATOR, R.LEADER}))
LEAD = Who("shift leader", frozenset({R.LEADER}))
CALLERS = Who("shift leader, street, community", frozenset({R.LEADER, R.STREET, R.COMMUNITY}))
"""Who calls departments to a case."""
STEER = Who("shift leader, street", frozenset({R.LEADER, R.STREET}))
PICTURES = Who("those who see pictures", SEE.roles - {R.AUDITOR})
MEASURES = Who("those who see measurements", SEE.roles - {R.DEPARTMENT})
FIELD = Who(
    "patrol room and field",
    frozenset({R.OPERATOR, R.LEADER, R.GRID_WORKER, R.GRID_LEADER, R.COMMUNITY, R.STREET}),
)
FIGURES = Who("those who read figures", SEE.roles)
AUDIT = Who("auditor, street, administrator", frozenset({R.AUDITOR, R.STREET, R.ADMINISTRATOR}))
ADMINISTER = Who("administrator", frozenset({R.ADMINISTRATOR}))
DEVICES = Who("patrol room, administrator", WATCH.roles | ADMINISTER.roles)


class Of(StrEnum):
    """How an answer depends on where the thing lies."""

    ALL = "all"
    """It does not: the same for the whole street."""
    ONE = "one"
    """One case, or what hangs on one: out of scope it is 404."""
    LIST = "list"
    """Many: what is out of scope is not among them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One route of the matrix, or one case of it."""

    operation: str
    """The route's `operation_id`, or the name of its function where it has none."""
    who: Who
    of: Of = Of.ALL
    ask: Mapping[str, Any] = field(default_factory=dict)
    """A request that is let through: `query`, `json`, `headers`, with words to fill in."""
    case: str = ""
    """What of the route this row is about, where its rows differ in `who`."""
    hidden: int = 404
    """What `Of.ONE` answers out of scope: the same as for what is not there."""
