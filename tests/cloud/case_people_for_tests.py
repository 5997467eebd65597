"""People of any role for tests of cases."""

from __future__ import annotations

from typing import Any

from cloud.people import accounts
from cloud.people.roles import Role
from devices.site.model import Names

PASSWORD = "correct horse"


async def hire(
    street: Any, username: str, *roles: Role, areas: tuple[str, ...] = (), organisation: str | None = None
) -> Any:
    """Somebody new, logged in."""
    name = Names(zh=f"中{username}", en=username)
    async with street.app.state.context.engine.begin() as connection:
        await accounts.add_user(
            connection,
            username,
            name,
            roles,
            PASSWORD,
            street.clock(),
            areas=areas,
            organisation=organisation,
        )
    street.passwords[username] = PASSWORD
    return await street.log_in(username)
