"""The credentials of nodes in the database: which token is whose, and until when.

Only hashes are here. A node makes its next token itself and offers its hash with the present token; when it
comes back with the new one, that is confirmed and all others end after `OVERLAP`. So whatever dies
between the two, the node holds a token that is valid. `docs/design/security.md` has the whole exchange.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import node, node_credential, node_event
from cloud.errors import Problem, SettingsError
from cloud.incidents.store import Actor
from cloud.people.passwords import hash_token

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
"""How long the token before stays valid once its successor was used: requests under way, a second thread."""
Origin = Literal["file", "command", "enrolled", "rotated"]
Action = Literal["code_made", "enrolled", "offered", "rotated", "revoked", "token_set"]
_C = node_credential.c


@dataclass(frozen=True, slots=True)
class Holder:
    """The node whose token came."""

    id: str
    last_seen_at: datetime | None
    token_hash: bytes = field(repr=False)


async def holder(connection: AsyncConnection, token: str, now: datetime) -> Holder:
    """Whose token it is.

    Raises:
        Problem: `bad_token`, nobody's or no longer; `node_revoked`.
    """
    hashed = hash_token(token)
    statement = (
        select(_C.node, _C.ends_at, _C.revoked, node.c.last_seen_at)
        .join(node, node.c.id == _C.node)
        .where(_C.token_hash == hashed)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is not None and row.revoked:
        raise Problem("node_revoked", f"node {row.node} was revoked; enrol it anew")
    if row is None or (row.ends_at is not None and row.ends_at <= now):
        raise Problem(
            "bad_token", "Authorization: Bearer <token of a node>", headers={"WWW-Authenticate": "Bearer"}
        )
    return Holder(row.node, row.last_seen_at, hashed)


async def offer(connection: AsyncConnection, who: Holder, token_hash: bytes, now: datetime) -> bool:
    """The node's next token, or (when it came with that very token) its only one from now on; True then.

    Raises:
        Problem: `forbidden`, the token is another node's or was used before.
    """
    await _lock(connection, who.id)
    if token_hash == who.token_hash:
        confirmed = update(node_credential).where(_C.token_hash == token_hash, ~_C.confirmed)
        if (await connection.execute(confirmed.values(confirmed=True))).rowcount:
            others = (_C.node == who.id) & (_C.token_hash != token_hash) & _C.ends_at.is_(None)
            await connection.execute(
                update(node_credential).where(others, ~_C.revoked).values(ends_at=now + OVERLAP)
            )
            await note(connection, who.id, "rotated", Actor("node", who.id), now)
        return True
    stood = (
        await connection.execute(
            select(_C.node, _C.confirmed, _C.revoked, _C.ends_at).where(_C.token_hash == token_hash)
        )
    ).one_or_none()
    if stood is not None:
        if stood.node == who.id and not (stood.confirmed or stood.revoked or stood.ends_at):
            return False
        raise Problem("forbidden", "token_sha256: this token was used before; make a new one")
    ending = await connection.scalar(select(_C.ends_at).where(_C.token_hash == who.token_hash))
    if ending is not None:
        raise Problem("forbidden", "a token that ends cannot name its successor")
    await connection.execute(delete(node_credential).where(_C.node == who.id, ~_C.confirmed, ~_C.revoked))
    await _add(connection, who.id, token_hash, "rotated", now, confirmed=False)
    await note(connection, who.id, "offered", Actor("node", who.id), now)
    return False


async def replace(
    connection: AsyncConnection, name: str, token_hash: bytes, origin: Origin, now: datetime
) -> None:
    """From now on this token is the node's; those before it are void at once."""
    await _lock(connection, name)
    valid = (_C.node == name) & ~_C.revoked & (_C.ends_at.is_(None) | (_C.ends_at > now))
    await connection.execute(update(node_credential).where(valid).values(ends_at=now))
    await _add(connection, name, token_hash, origin, now, confirmed=True)


async def set_token(connection: AsyncConnection, name: str, token: str, now: datetime) -> None:
    """What `gridwatch cloud token` does: this token is the node's, those before are void at once.

    Raises:
        SettingsError: the site has no such node.
    """
    await known(connection, name)
    await replace(connection, name, hash_token(token), "command", now)
    await note(connection, name, "token_set", Actor("system", "gridwatch"), now)


async def take_file(connection: AsyncConnection, tokens: Mapping[str, str], now: datetime) -> None:
    """Take over the tokens of a file, at each start: never one that was void already, nor over an enrolment.

    Raises:
        SettingsError: the site has no such node.
    """
    for name, token in tokens.items():
        await known(connection, name)
        hashed = hash_token(token)
        rows = (await connection.execute(select(node_credential).where(_C.node == name))).all()
        live = [row for row in rows if not row.revoked and row.ends_at is None]
        mine = next((row for row in rows if row.token_hash == hashed), None)
        if mine in live:
            continue
        if mine is not None:
            log.warning("the token file's token of node %s is void; it is not taken", name)
        elif any(row.origin in ("enrolled", "rotated") for row in live):
            log.warning("node %s is enrolled; the token file's token of it is not taken", name)
        else:
            await replace(connection, name, hashed, "file", now)


async def revoke(connection: AsyncConnection, name: str, actor: Actor, reason: str, now: datetime) -> int:
    """Make every credential of a node void for good, from its next request on; how many were valid.

    Raises:
        SettingsError: the site has no such node.
    """
    await known(connection, name)
    await _lock(connection, name)
    valid = ~_C.revoked & (_C.ends_at.is_(None) | (_C.ends_at > now))
    count = (
        await connection.execute(
            update(node_credential).where(_C.node == name, valid).values(revoked=True, ends_at=now)
        )
    ).rowcount
    await note(connection, name, "revoked", actor, now, reason)
    return count


async def known(connection: AsyncConnection, name: str) -> None:
    """Check that the present site has the node.

    Raises:
        SettingsError: it has not; those it has are named.
    """
    names = (await connection.scalars(select(node.c.id).where(node.c.active).order_by(node.c.id))).all()
    if name not in names:
        raise SettingsError(f"the site has no node {name!r}; it has {', '.join(names) or 'none'}")


async def note(
    connection: AsyncConnection, name: str, action: Action, actor: Actor, now: datetime, detail: str = ""
) -> None:
    """Write into the node's log, which nobody can change."""
    row = {"at": now, "node": name, "action": action, "actor_kind": actor.kind, "actor_name": actor.name}
    await connection.execute(insert(node_event), row | {"detail": detail})


async def _lock(connection: AsyncConnection, name: str) -> None:
    await connection.execute(select(node.c.id).where(node.c.id == name).with_for_update())


async def _add(
    connection: AsyncConnection,
    name: str,
    token_hash: bytes,
    origin: Origin,
    now: datetime,
    *,
    confirmed: bool,
) -> None:
    row = {"token_hash": token_hash, "node": name, "origin": origin, "made_at": now, "confirmed": confirmed}
    await connection.execute(insert(node_credential), row | {"revoked": False})
