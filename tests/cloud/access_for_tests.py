"""A street with two grids, a person of every role at the first, and what is theirs and what is not.

`python -m tests.cloud.access_for_tests` prints the table of `docs/design/access.md`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import insert, update

from cloud.app import create_app
from cloud.database import schema
from cloud.people.matrix import DOOR, ROWS
from cloud.people.passwords import csrf_of, hash_token, random_token
from cloud.people.permissions import NODES, PUBLIC, Of, Row
from cloud.people.roles import Role
from cloud.settings import Settings
from devices.ids import uuid7
from devices.site.model import Names

OWN, OTHER = "own", "other"
ENDS = frozenset({"logOut"})
"""What ends a session."""
SHORT = {
    Role.OPERATOR: "op", Role.LEADER: "lead", Role.GRID_WORKER: "worker", Role.GRID_LEADER: "g.lead",
    Role.COMMUNITY: "comm", Role.DEPARTMENT: "dept", Role.STREET: "street", Role.AUDITOR: "audit",
    Role.ADMINISTRATOR: "admin",
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One way to ask the app."""

    operation: str
    method: str
    path: str


def routes(app: FastAPI) -> Iterator[Route]:
    """Every route there is; one that takes several methods is asked by its first."""
    for one in iter_route_contexts(app.routes):
        operation = getattr(one, "operation_id", None) or one.name
        method = min(one.methods) if one.methods else "WEBSOCKET"
        yield Route(str(operation), method, str(one.path))


@dataclass(frozen=True)
class Answer:
    """What came back; `code` is that of a problem."""

    status: int
    code: str = ""
    text: str = ""


async def ask(app: FastAPI, method: str, path: str, more: Mapping[str, Any]) -> Answer:
    """One request, straight through the app; of a stream only its beginning."""
    query = urlencode(more.get("query", {}), doseq=True)
    body = json.dumps(more["json"]).encode() if "json" in more else b""
    headers = {"host": "gridwatch.test", "content-type": "application/json", **more.get("headers", {})}
    scope = {
        "type": "websocket" if method == "WEBSOCKET" else "http", "asgi": {"version": "3.0"},
        "http_version": "1.1", "method": method, "scheme": "http", "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "client": ("127.0.0.1", 1), "server": ("gridwatch.test", 80),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "extensions": {"websocket.http.response": {}}, "subprotocols": [],
    }  # fmt: skip
    done, live, found = asyncio.Event(), asyncio.Event(), {"status": 0}
    pieces: list[bytes] = []
    sent = iter(
        [{"type": "websocket.connect"} if method == "WEBSOCKET" else {"type": "http.request", "body": body}]
    )

    async def receive() -> Any:
        message = next(sent, None)
        if message is None:
            await done.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message: Any) -> None:
        if message["type"].endswith("response.start"):
            found["status"] = message["status"]
            if any(value.startswith(b"text/event-stream") for _, value in message["headers"]):
                live.set()
        elif message["type"] == "websocket.accept":
            found["status"] = 101
            live.set()
        elif message["type"].endswith("response.body"):
            pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                done.set()

    task = asyncio.create_task(app(scope, receive, send))
    waiter = asyncio.create_task(live.wait())
    async with asyncio.timeout(60):
        await asyncio.wait([task, waiter], return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    if live.is_set():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(waiter, return_exceptions=True)
    if not live.is_set():
        task.result()  # it failed: say why
    text = b"".join(pieces).decode(errors="replace")
    code = json.loads(text)["code"] if found["status"] >= 400 and text.startswith("{") else ""
    return Answer(found["status"], code, text)


@dataclass
class World:
    """The app, everybody's session, and the words that requests are filled in with."""

    app: FastAPI
    people: dict[Role, UUID]
    words: dict[str, dict[str, str]]
    sessions: dict[Role, dict[str, str]] = field(default_factory=dict)

    async def session(self, role: Role, operation: str) -> dict[str, str]:
        """Headers of a session; of one that is begun now, where the request may end it."""
        if operation not in ENDS and role in self.sessions:
            return self.sessions[role]
        token, context = random_token(), self.app.state.context
        row = {
            "token_hash": hash_token(token), "person_id": self.people[role],
            "created_at": context.now(), "expires_at": context.now() + timedelta(hours=1),
        }  # fmt: skip
        async with context.engine.begin() as connection:
            await connection.execute(insert(schema.session), row)
        found = {"cookie": f"gridwatch_session={token}", "x-csrf-token": csrf_of(token)}
        if operation not in ENDS:
            self.sessions[role] = found
        return found

    def missing(self, row: Row, route: Route) -> str:
        """A word of the request that is not known; empty: all are."""
        try:
            _filled([row.ask, route.path.replace(":path", "")], Words(self.words[OWN] | {"fresh": ""}))
        except KeyError as error:
            return str(error)
        return ""

    async def ask(self, row: Row, route: Route, where: str, headers: Mapping[str, str]) -> Answer:
        """One cell of the matrix."""
        words = Words(self.words[where] | {"fresh": uuid4().hex})
        more = _filled(row.ask, words)
        more["headers"] = {**more.get("headers", {}), **headers}
        path = _filled(route.path.replace(":path", ""), words)
        if route.method not in ("GET", "HEAD", "WEBSOCKET") and "json" not in more:
            more["json"] = {}
        return await ask(self.app, route.method, path, more)


class Words(dict[str, str]):
    """Words to fill in; an id of which nothing was made is one of nothing."""

    def __missing__(self, name: str) -> str:
        if not name.endswith("_id"):
            raise KeyError(name)
        return str(uuid4())


def _filled(thing: Any, words: Mapping[str, str]) -> Any:
    if isinstance(thing, str):
        return thing.format_map(words)
    if isinstance(thing, Mapping):
        return {key: _filled(value, words) for key, value in thing.items()}
    if isinstance(thing, Sequence):
        return [_filled(value, words) for value in thing]
    return thing


def expected(row: Row, role: Role, where: str) -> tuple[str, ...]:
    """What the matrix says of a cell: `in`, `forbidden`, `hidden`, `unauthenticated`.

    Two, where a role is let in at the door for another case of the route: either refuses, and neither leaks.
    """
    hidden = row.of is Of.ONE and (where == OTHER or role is Role.ADMINISTRATOR)
    if row.who == PUBLIC:
        return ("in",)
    if row.who == NODES:
        return ("unauthenticated",)
    if role not in row.who.roles:
        return ("forbidden", "hidden") if hidden and role in DOOR[row.operation] else ("forbidden",)
    return ("hidden",) if hidden else ("in",)


def told(row: Row, answer: Answer) -> str:
    """What an answer says."""
    if answer.code in ("unauthenticated", "bad_token"):
        return "unauthenticated"
    if answer.code in ("forbidden", "csrf"):
        return answer.code
    if answer.status == 500:
        return f"broken: {answer.status} {answer.text}"
    if row.of is Of.ONE and answer.status == row.hidden:
        return "hidden"
    return "in"


async def people(app: FastAPI) -> dict[Role, UUID]:
    """Somebody of each role at the first grid, the department of the first case."""
    context, found = app.state.context, {}
    async with context.engine.begin() as connection:
        for role in Role:
            row = {
                "id": uuid7(), "username": f"a-{role}", "name": Names(zh=role, en=role).model_dump(),
                "roles": [role], "created_at": context.now(), "version": 1,
                "areas": [] if role in (Role.DEPARTMENT, Role.ADMINISTRATOR) else ["G01"],
                "organisation": "org-own" if role is Role.DEPARTMENT else None,
            }  # fmt: skip
            await connection.execute(insert(schema.person), row)
            found[role] = row["id"]
    return found


async def give(app: FastAPI, incident_id: str, organisation: str) -> None:
    """Let an organisation lead a case, as dispatching does."""
    mine = schema.incident.c.id == UUID(incident_id)
    async with app.state.context.engine.begin() as connection:
        await connection.execute(update(schema.incident).where(mine).values(organisation=organisation))


def table(app: FastAPI) -> str:
    """The matrix in Markdown: `●` is let in, `◐` for what is in scope only, `·` is refused."""
    found = {route.operation: route for route in routes(app)}
    lines = [
        "| route | what | who | " + " | ".join(SHORT.values()) + " |",
        "|---|---|---|" + "---|" * len(SHORT),
    ]
    for row in ROWS:
        route = found[row.operation]
        what = f"{row.operation} *{row.case}*" if row.case else row.operation
        marks = [_mark(row, role) for role in SHORT]
        lines.append(
            f"| `{route.method} {route.path}` | {what} | {row.who.name} | " + " | ".join(marks) + " |"
        )
    return "\n".join(lines) + "\n"


def _mark(row: Row, role: Role) -> str:
    if "in" not in expected(row, role, OWN):
        return "·"
    return "●" if row.of is Of.ALL else "◐"


def skeleton() -> FastAPI:
    """The app's routes, without anything behind them."""
    from pathlib import Path

    from sqlalchemy.engine import make_url

    return create_app(Settings(state=Path()), make_url("postgresql+asyncpg://"))


if __name__ == "__main__":
    print(table(skeleton()), end="")
