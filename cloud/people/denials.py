"""The log of what was refused to whom."""

from __future__ import annotations

import logging

from starlette.requests import HTTPConnection

log = logging.getLogger(__name__)

REFUSED = frozenset({"forbidden", "csrf", "bad_token", "bad_login", "not_linked", "node_revoked"})
HIDDEN = frozenset({"not_found"})
"""Not there, or out of scope; whoever asks does not learn which."""


def note(request: HTTPConnection, code: str) -> None:
    """One line for each refusal: who, from where, what. `%r`: a path may hold anything."""
    who = getattr(request.state, "person", None)
    if code in REFUSED or (code in HIDDEN and who is not None):
        address = request.client.host if request.client else "-"
        level = logging.WARNING if code in REFUSED else logging.INFO
        name = who.username if who else "-"
        method = request.scope.get("method", "WEBSOCKET")
        log.log(level, "refused %s to %r at %s: %s %r", code, name, address, method, request.url.path)
