"""A step as somebody asks for it: who, what, with which fields. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud.errors import Problem
from cloud.incidents.transitions import ACTIONS, NEEDS_REASON, TABLE, WISHES, State, may_ever, rule_for
from cloud.people.roles import Role

FIELDS = tuple(dict.fromkeys(name for rule in TABLE for name in sorted(rule.needs | rule.takes)))
"""What requests may carry beside action and reason."""


@dataclass(frozen=True, slots=True)
class Request:
    """A step asked for by a person who saw `version`."""

    action: str
    version: int
    reason: str | None
    username: str
    roles: Collection[Role]
    organisation: str | None = None
    """Whom the person works for."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Those of `FIELDS` that were given, as JSON values."""
    stamp: Mapping[str, Any] = field(default_factory=dict)
    """When and where it was done, as the device says: `cloud.stamps.stamp`."""


def check(request: Request) -> None:
    """Refuse what can be told without looking at the case.

    Raises:
        Problem: invalid, forbidden.
    """
    action = request.action
    if action not in ACTIONS:
        raise _fault("action", f"one of {', '.join(ACTIONS)}", f"{action!r} is not known")
    if not may_ever(action, request.roles):
        raise Problem("forbidden", f"{action} is not for {', '.join(request.roles) or 'you'}")
    if action in NEEDS_REASON and not (request.reason or "").strip():
        raise _fault("reason", "must be given", f"{action} needs one")
    rows = [rule for rule in TABLE if rule.action == action]
    for name in sorted(rows[0].needs - request.fields.keys()):
        raise _fault(name, "must be given", f"{action} needs one")
    for name in sorted(request.fields.keys() - frozenset().union(*(row.needs | row.takes for row in rows))):
        raise _fault(name, f"take it out, {action} has no use for it", f"not of {action}")
    if "wish" in request.fields and request.fields["wish"] not in WISHES:
        raise _fault("wish", f"one of {', '.join(WISHES)}", "is not known")


def target(request: Request, state: State) -> State | None:
    """The state that the field `to` names.

    Raises:
        Problem: invalid, the row for this state does not lead there.
    """
    given = request.fields.get("to")
    rule = rule_for(request.action, state)
    if given is None or rule is None:
        return None
    known = (rule.target, *rule.also)
    if given not in known:
        raise _fault("to", f"one of {', '.join(known)}", f"{request.action} does not lead to {given!r}")
    return State(given)


def _fault(name: str, detail: str, what: str) -> Problem:
    errors = [{"pointer": f"/body/{name}", "detail": detail}]
    return Problem("invalid", f"{name}: {what}", errors=errors)
