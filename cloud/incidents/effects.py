"""What a step changes of a case beside its state. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloud.incidents.asking import Request
from cloud.incidents.transitions import WISHES

_DONE = frozenset({"extend", "return", "suspend"})
"""What is asked for while it is handled, and lapses when it is handled no more."""


_OVER = frozenset({"close", "reject", "void", "false_alarm", "self_corrected"})
"""What ends a case: nothing that was asked for waits any more."""


def effects(request: Request, handler: str | None, pending: Sequence[str]) -> Mapping[str, Any]:
    """Columns of `incident` and their new values; `handler` and `pending` as they are."""
    action, fields = request.action, request.fields
    values: dict[str, Any] = {}
    if action == "dispatch":
        values = {"handler": fields.get("handler"), "organisation": fields.get("organisation")}
    elif action == "assign":
        values = {"handler": fields["handler"]}
    elif action in ("claim", "start", "self_handle"):
        values = {"handler": handler or request.username}
    elif action in ("return", "reopen"):
        values = {"handler": None, "organisation": None}
    wanted = _pending(request, set(pending))
    return values if wanted == set(pending) else values | {"pending": sorted(wanted)}


def _pending(request: Request, pending: set[str]) -> set[str]:
    action = request.action
    if action in _OVER:
        return set()
    if action.startswith("ask_"):
        return pending | {action.removeprefix("ask_")}
    if action == "supervise":
        return pending | {"supervise"}
    if action == "answer":
        return pending - {"supervise"}
    if action == "refuse":
        return pending - {request.fields["wish"]}
    if action in ("resolve", "self_handle", "return"):
        return pending - _DONE
    return pending - {action} if action in WISHES else pending
