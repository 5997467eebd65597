"""The whole app over a real PostgreSQL, as schemathesis asks it: by everybody, for things that are there."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from schemathesis.auths import AuthContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from cloud.database import schema
from cloud.people.matrix import DOOR, ROWS
from cloud.people.passwords import csrf_of, hash_token
from cloud.people.permissions import NODES, PUBLIC
from cloud.people.person import TOKEN
from cloud.people.roles import Role
from cloud.people.tables import api_token
from cloud.public.limits import Limiter
from devices.ids import uuid7
from tests.cloud.access_for_tests import OTHER, OWN, World
from tests.cloud.access_world_for_tests import world
from tests.cloud.conftest import TOKENS, Street
from tests.cloud.sender_for_tests import Seen, Sender

BY_SESSION = frozenset({"makeToken", "logOut", "changePassword", "getSession"})
"""What an API token cannot ask, or what is about the session itself."""
OF_NODES = frozenset(row.operation for row in ROWS if row.who == NODES)
OPEN = frozenset(row.operation for row in ROWS if row.who == PUBLIC)


@dataclass
class Asked:
    """An ASGI app: the street's, with something of everything in it. It tells what went wrong inside."""

    street: Callable[[], Any]
    """The fixture."""
    store_photo: Any
    random: Random = field(default_factory=lambda: Random(1))
    calls: int = 0
    faults: list[str] = field(default_factory=list)
    """What the app raised beyond its 500, as told by Python."""
    world: World | None = None
    loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or begin and end."""
        if scope["type"] == "lifespan":
            await Router(lifespan=lambda _: self.alive())(scope, receive, send)
            return
        assert self.world
        self.calls += 1
        (fault,) = await asyncio.gather(self.world.app(scope, receive, send), return_exceptions=True)
        if isinstance(fault, BaseException):
            told = "".join(traceback.format_exception(fault))
            self.faults.append(f"{scope['method']} {scope['path']}\n{told}")

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """The street, as long as it is asked."""
        async with self.street() as s:
            assert isinstance(s, Street)
            self.loop = asyncio.get_running_loop()
            self.world = await world(s, (Sender(), Sender("n2")), Seen, self.store_photo)
            s.app.state.limiters = {
                name: Limiter(burst=10**9, every=timedelta(seconds=1)) for name in s.app.state.limiters
            }
            await self.healed()
            yield

    def get(self, case: Case, about: AuthContext) -> dict[str, str] | None:
        """The headers of somebody who may, and now and then of somebody else."""
        operation = case.operation.definition.raw.get("operationId", "")
        if operation in OPEN:
            return None
        if operation in OF_NODES:
            return {"Authorization": f"Bearer {self.random.choice(list(TOKENS.values()))}"}
        roles = sorted(DOOR[operation]) if self.random.random() < 0.9 else list(Role)
        role = self.random.choice(roles)
        if operation in BY_SESSION:
            session = session_of(role)
            return {"Cookie": f"gridwatch_session={session}", "X-CSRF-Token": csrf_of(session)}
        return {"Authorization": f"Bearer {bearer_of(role)}"}

    def set(self, case: Case, data: dict[str, str], about: AuthContext) -> None:
        """Give `case` these headers."""
        for name, value in data.items():
            if name == "Cookie":
                key, _, given = value.partition("=")
                case.cookies[key] = given
            else:
                case.headers[name] = value

    def after_call(self, case: Case, response: Response) -> None:
        """Everybody may come again, whatever was changed, locked, revoked or ended by what was asked."""
        revoked = b"node_revoked" in response.content
        if (response.status_code == 401 or revoked) and case._has_explicit_auth:
            assert self.loop
            asyncio.run_coroutine_threadsafe(self.healed(), self.loop).result(60)

    async def healed(self) -> None:
        """Everybody may come again, nodes as well."""
        assert self.world
        context = self.world.app.state.context
        now = context.now()
        async with context.engine.begin() as connection:
            await connection.execute(update(schema.node_credential).values(revoked=False, ends_at=None))
            for role, person_id in self.world.people.items():
                may: dict[str, Any] = {"roles": [role], "locked_at": None}
                mine = schema.person.c.id == person_id
                await connection.execute(update(schema.person).where(mine).values(**may))
                of = {"person_id": person_id, "created_at": now, "expires_at": now + timedelta(days=9)}
                token = of | {
                    "id": uuid7(), "token_hash": hash_token(bearer_of(role)), "name": role, "roles": [role],
                    "areas": [], "created_by": "x",
                }  # fmt: skip
                session = of | {"token_hash": hash_token(session_of(role))}
                there = update(api_token).where(api_token.c.token_hash == token["token_hash"])
                done = await connection.execute(there.values(revoked_at=None, roles=[role]))
                if not done.rowcount:
                    await connection.execute(insert(api_token).values(token))
                await connection.execute(insert(schema.session).values(session).on_conflict_do_nothing())

    def values(self) -> dict[str, list[str | int]]:
        """Name of a parameter -> what is there by that name, in both areas."""
        assert self.world
        found: dict[str, list[str | int]] = {}
        for where in (OWN, OTHER):
            for name, value in self.world.words[where].items():
                found.setdefault(name, []).append(value if isinstance(value, int) else str(value))
        return found


def bearer_of(role: Role) -> str:
    return f"{TOKEN}{role:x<43}"


def session_of(role: Role) -> str:
    return f"{role:y<43}"
