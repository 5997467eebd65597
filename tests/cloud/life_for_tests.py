"""A street that lives by the shipped policies, with a clock that tests set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from cloud.areas import group_store
from cloud.areas.groups import Market
from cloud.areas.importer import import_site
from cloud.database.engine import make_engine
from cloud.database.schema import deadline, incident
from cloud.incidents.store import GRIDWATCH
from cloud.people.roles import Role
from cloud.policies.kinds import KINDS
from cloud.policies.reading import beside
from cloud.push.tables import notice
from cloud.settings import Settings
from cloud.stream.outbox import CHANNEL
from devices.site import model
from tests.cloud.case_people_for_tests import hire
from tests.cloud.conftest import Clock, Someone, Street, make_site, names
from tests.cloud.sender_for_tests import START, Seen

SHIPPED = Path(__file__).parents[2] / "examples" / "street" / "site.yaml"
BIKES, SMOKE = "05-06-081", "04-99-080"


@dataclass
class Life:
    """The street's people, and time."""

    street: Street
    clock: Clock
    since: dict[UUID, datetime] = field(default_factory=dict)

    async def see(self, alarm: Seen, change: str, **more: Any) -> None:
        """The node tells of a condition as it tells of any, dated now; and what that sets going is done."""
        alarm.rev += 1
        alarm.at = self.clock()
        since = self.since.setdefault(alarm.id, alarm.at)
        condition = alarm.condition(change, alarm.rev, since=since, **more)
        await self.street.send(alarm.sender.wrap(condition, alarm.at))
        await self.settled()

    async def hire(self, username: str, role: str, **of: Any) -> Someone:
        found: Someone = await hire(self.street, username, Role(role), **of)
        return found

    async def pass_time(self, **parts: float) -> None:
        """Let time pass, and all that falls due until then be done."""
        self.clock.forward(**parts)
        await self.settled()

    async def settled(self) -> None:
        """Wait until every case is planned for and nothing is due."""
        async with asyncio.timeout(60):
            while await self._left():
                async with self.street.app.state.context.engine.begin() as connection:
                    await connection.execute(text(f"NOTIFY {CHANNEL}"))
                await asyncio.sleep(0.02)

    async def _left(self) -> int:
        behind = select(func.count()).where(incident.c.planned_version.is_distinct_from(incident.c.version))
        due = select(func.count()).select_from(deadline).where(deadline.c.look_at <= self.clock())
        async with self.street.app.state.context.engine.connect() as connection:
            return (await connection.scalar(behind) or 0) + (await connection.scalar(due) or 0)

    async def climbed(self, who: Someone, case: dict[str, Any], *rungs: str) -> None:
        """Wait until the ladder of an alarm has climbed these rungs, or ended by the last word."""
        found: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                while tuple(found) != rungs:
                    notices = (await who.get(f"/incidents/{case['id']}/notices"))["items"]
                    for ladder in (one for one in notices if one["kind"] == "incident"):
                        names = [one["rung_name"] for one in ladder["attempts"] if one["settled_at"]]
                        found = list(dict.fromkeys([*names, *filter(None, [ladder["ended_by"]])]))
                    await asyncio.sleep(0.05)
        assert tuple(found) == rungs

    async def told(self, kind: str) -> list[tuple[str, ...]]:
        """Whom notices of this kind were for, the oldest first."""
        statement = (
            select(notice.c.targets).where(notice.c.kind == kind).order_by(notice.c.created_at, notice.c.id)
        )
        async with self.street.app.state.context.engine.connect() as connection:
            return [tuple(targets) for targets in (await connection.scalars(statement)).all()]


@asynccontextmanager
async def living(
    street: Any, url: Any, tmp_path: Path, but: Sequence[str] = (), market: Market | None = None
) -> AsyncIterator[Life]:
    """An app by the policies of the example street, without those in `but`; it starts in a work hour."""
    site = make_site(2).model_copy(
        update={
            "timezone": "Asia/Shanghai",
            "event_classes": (
                *make_site().event_classes,
                model.EventClass(code=BIKES, name=names("Shared bikes")),
                model.EventClass(code=SMOKE, name=names("Smoke"), severity="critical"),
            ),
        }
    )
    engine = make_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await import_site(connection, site, START)
        if market is not None:
            await group_store.keep(connection, market, GRIDWATCH, START)
    await engine.dispose()
    kinds = [kind for kind in KINDS if kind.name not in but]
    settings = Settings(state=tmp_path, page=tmp_path / "dist", policies=beside(SHIPPED, kinds, {}))
    async with street(settings) as s:
        life = Life(s, s.clock)
        life.clock.at = START.replace(day=23, hour=1)  # Monday, 9 h in the street
        yield life


def actions(log: Sequence[dict[str, Any]]) -> list[str]:
    """What happened, in order."""
    return [line["action"] for line in log]
