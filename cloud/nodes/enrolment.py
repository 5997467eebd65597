"""One-time codes: an administrator makes one, the node pays with it for its own credential."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import node_code, node_credential
from cloud.errors import Problem
from cloud.incidents.store import Actor
from cloud.nodes import credentials
from cloud.people.passwords import hash_token, random_password

LIFETIME = timedelta(hours=1)


def plain(code: str) -> str:
    """A code as it is hashed: without hyphens and spaces, in small letters."""
    return code.replace("-", "").replace(" ", "").lower()


async def make_code(
    connection: AsyncConnection, name: str, actor: Actor, now: datetime, lifetime: timedelta = LIFETIME
) -> tuple[str, datetime]:
    """A code of 80 bits for a node, and when it ends; the node's code before is void.

    Raises:
        SettingsError: the site has no such node.
    """
    await credentials.known(connection, name)
    code, ends = random_password(), now + lifetime
    row = {"node": name, "code_hash": hash_token(plain(code)), "made_at": now, "expires_at": ends}
    statement = insert(node_code).values(row | {"used_for": None})
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["node"], set_={key: statement.excluded[key] for key in (*row, "used_for")}
        )
    )
    await credentials.note(connection, name, "code_made", actor, now, f"until {ends:%Y-%m-%d %H:%M} UTC")
    return code, ends


async def redeem(connection: AsyncConnection, code: str, token_hash: bytes, now: datetime) -> str:
    """Exchange a code for the credential with that hash; the node it is for. Its others are void at once.

    A repeat with the same hash is answered the same, so that a lost answer does not cost the code.

    Raises:
        Problem: `bad_code`.
    """
    used = node_code.c.used_for
    mine = (node_code.c.code_hash == hash_token(plain(code))) & (node_code.c.expires_at > now)
    found = (await connection.execute(select(node_code).where(mine).with_for_update())).one_or_none()
    wrong = Problem("bad_code", "ask for a new code: gridwatch cloud enrol NODE")
    if found is None or found.used_for not in (None, token_hash):
        raise wrong
    stood = (
        await connection.execute(select(node_credential).where(node_credential.c.token_hash == token_hash))
    ).one_or_none()
    if found.used_for is not None and stood is not None and not stood.revoked and stood.ends_at is None:
        return str(found.node)
    if stood is not None:
        raise wrong
    await connection.execute(update(node_code).where(mine, used.is_(None)).values(used_for=token_hash))
    await credentials.replace(connection, found.node, token_hash, "enrolled", now)
    await credentials.note(connection, found.node, "enrolled", Actor("node", found.node), now)
    return str(found.node)
