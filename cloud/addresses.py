"""Which methods an address takes, by all of its routes: what a 405 says in `Allow` (RFC 9110, 15.5.6)."""

from __future__ import annotations

from re import Pattern

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

REST = "/{path:path}"
"""The page's files: whatever is no other address."""


def addresses(app: FastAPI) -> list[tuple[Pattern[str], int, frozenset[str]]]:
    """Each address there is, how many of its parts are open, and its methods."""
    return [
        (compile_path(str(one.path))[0], str(one.path).count("{"), frozenset(one.methods))
        for one in iter_route_contexts(app.routes)
        if one.path != REST and one.methods
    ]


def allowed(request: Request) -> list[str]:
    """The methods that this address takes, sorted; none: it is no address, or one of the page's files.

    Where several fit, those of the one that names the most of it: `/alarms/shelves` is no alarm's.
    """
    known: list[tuple[Pattern[str], int, frozenset[str]]] = request.app.state.addresses
    fit = [(parts, methods) for form, parts, methods in known if form.match(request.scope["path"])]
    fewest = min((parts for parts, _ in fit), default=0)
    return sorted(frozenset[str]().union(*(methods for parts, methods in fit if parts == fewest)))
