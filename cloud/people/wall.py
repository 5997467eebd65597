"""The second wall: while somebody's request is served, the database itself hides what is out of their scope.

`cloud.people.identity` calls `stand(scope)` for the request. Every transaction that is begun from then on
goes on as the database role `gridwatch_person`, to whom the policies of row-level security show only what
is in scope: a query that forgot `visible` still answers nothing else. Ingest and background work are
nobody's request: they go as the owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.people.scope import Scope

ROLE = "gridwatch_person"
"""A database role that owns nothing and cannot log in."""
WHOLE = "*"
"""In place of areas: the whole street."""
_SCOPE: ContextVar[Scope | None] = ContextVar("gridwatch_scope", default=None)
_SET = (
    f"SELECT set_config('role', '{ROLE}', true), set_config('gridwatch.areas', $1, true),"
    " set_config('gridwatch.parties', $2, true)"
)


def stand(scope: Scope) -> None:
    """From here on in this request, the database shows what is in `scope` only."""
    _SCOPE.set(scope)


@contextmanager
def unwalled() -> Iterator[None]:
    """What is done in here is the system's own; also around each request, so that none inherits another's."""
    token = _SCOPE.set(None)
    try:
        yield
    finally:
        _SCOPE.reset(token)


def build(engine: AsyncEngine) -> None:
    """Let every transaction of `engine` begin behind the wall, where there is one."""
    event.listen(engine.sync_engine, "begin", _begin)


def _begin(connection: Any) -> None:
    scope = _SCOPE.get()
    if scope is not None:
        connection.exec_driver_sql(_SET, settings(scope))


def settings(scope: Scope) -> tuple[str, str]:
    """The scope as two settings: ids, parted by line feeds."""
    areas = WHOLE if scope.areas is None else "\n".join(sorted(scope.areas))
    return areas, "\n".join(sorted(scope.parties))
