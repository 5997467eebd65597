"""What finding people costs: `python -m tests.bench.bench_routing`. One JSON line a figure.

Whom a case's first rung means, asked of PostgreSQL as push does, at places of the market in turn: with no
market, and with 1,800 shops in 180 groups. Then the parts that are pure: the group of a place, the rosters of
24 workers and 39 grids, the matrix, and the gap detector over the street's example.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cloud.areas.groups import Directory, Group, Market, Office, Rotation, Shop
from cloud.areas.registry import Registry
from cloud.database import migrate
from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.duty.kinds import ROSTERS, faults
from cloud.duty.on_duty import on_duty
from cloud.organisations.kinds import ORGANISATIONS, RESPONSIBILITIES
from cloud.organisations.matrix import lead
from cloud.organisations.unresolved import unresolved
from cloud.policies.reading import read
from cloud.push.recipients import around, resolve
from devices.site.load import load_site
from devices.site.model import Area, Names
from devices.site.planar import contains

STREET = Path(__file__).parents[2] / "examples" / "street"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NAME = Names(zh="某处", en="Somewhere")
TARGETS = ("group:duty", "group:office", "duty:primary", "duty:grid_leader", "role:leader")
ASKED = 400
GRIDS, GROUPS, SHOPS = 5, 36, 10


@dataclass(frozen=True)
class Case:
    """Where a case lies, as push reads it of `incident`."""

    point: str | None
    lon: float
    lat: float
    grid: str
    community: str | None


def main() -> int:
    """Measure and print."""
    say("machine", cores=os.cpu_count(), load=round(os.getloadavg()[0], 1), python=sys.version.split()[0])
    site = load_site(STREET / "site.yaml")
    areas = {area.id: area for area in site.areas}
    classes = {one.code: one for one in site.event_classes}
    active = {("area", one) for one in areas} | {("event_class", one) for one in classes}
    bare = Registry(timezone=SHANGHAI, areas=areas, classes=classes, active=frozenset(active))
    grids = [area for area in site.areas if area.level == "grid"][-GRIDS:]
    market = big_market(grids)
    full = Registry(
        timezone=SHANGHAI,
        areas=areas,
        classes=classes,
        active=frozenset(active),
        directory=Directory([market]),
    )
    cases = [
        Case(None, shop.lon, shop.lat, office.grid, areas[office.grid].parent)
        for group in market.groups[:: GROUPS * GRIDS // 20]
        for office in market.offices
        if office.id == group.office
        for shop in group.shops
    ]
    asyncio.run(over_postgresql(bare, full, cases))
    pure(full, cases)
    return 0


async def over_postgresql(bare: Registry, full: Registry, cases: Sequence[Case]) -> None:
    """The whole way of one rung, both ways in turn, so that the machine's mood is shared."""
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-bench-"))
    server = EmbeddedServer(directory / "pg")
    server.start()
    engine = make_engine(server.url(), pool_size=1)
    rosters = read(STREET / "rosters.yaml", ROSTERS)[1]
    took: dict[str, list[float]] = {"none": [], "market": []}
    try:
        await migrate.upgrade(engine)
        async with engine.connect() as connection:
            for n in range(ASKED + 20):
                for name, registry in (("none", bare), ("market", full)):
                    began = time.perf_counter()
                    place = around(registry, cases[n % len(cases)])
                    await resolve(
                        connection, TARGETS, (), place, registry,
                        lambda grid, at: on_duty(rosters, grid, at).called(), AT,
                    )  # fmt: skip
                    took[name].append(time.perf_counter() - began)
    finally:
        await engine.dispose()
        server.stop()
        shutil.rmtree(directory)
    figures = {name: spread(those[20:]) for name, those in took.items()}
    for name, those in figures.items():
        say(f"rung.{name}", shops=GRIDS * GROUPS * SHOPS if name == "market" else 0, **those)
    ratios = {
        f"{key}_ratio": round(figures["market"][key] / figures["none"][key], 2) for key in figures["none"]
    }
    say("rung.market_against_none", **ratios)


def pure(registry: Registry, cases: Sequence[Case]) -> None:
    """Microseconds of CPU, each."""
    rosters = read(STREET / "rosters.yaml", ROSTERS)[1]
    organisations = read(STREET / "organisations.yaml", ORGANISATIONS)[1]
    matrix = read(STREET / "responsibilities.yaml", RESPONSIBILITIES)[1]
    grids, codes = list(rosters.grids), list(registry.classes)
    each = {
        "group_of_place": lambda n: around(registry, cases[n % len(cases)]),
        "on_duty": lambda n: on_duty(rosters, grids[n % len(grids)], AT + timedelta(hours=n)),
        "lead": lambda n: lead(matrix, registry, codes[n % len(codes)], grids[n % len(grids)]),
    }
    for name, one in each.items():
        say(name, us=round(cpu(one, 2000), 1))
    say("unresolved", ms=round(cpu(lambda _: list(unresolved(matrix, organisations, registry)), 5) / 1e3, 1),
        classes=len(codes), grids=len(grids))  # fmt: skip
    say("gap_detector", ms=round(cpu(lambda _: list(faults(rosters)), 5) / 1e3, 1), days=4)


def big_market(grids: Sequence[Area]) -> Market:
    """An office in each grid, its groups' shops somewhere within."""
    chance = random.Random(1)
    offices = tuple(Office(id=f"O-{grid.id}", grid=grid.id, name=NAME) for grid in grids)
    groups = []
    for office, grid in zip(offices, grids, strict=True):
        ring = grid.rings[0]
        west, east = min(lon for lon, _ in ring), max(lon for lon, _ in ring)
        south, north = min(lat for _, lat in ring), max(lat for _, lat in ring)
        spots: list[tuple[float, float]] = []
        while len(spots) < GROUPS * SHOPS:
            spot = (chance.uniform(west, east), chance.uniform(south, north))
            if contains(grid.rings, spot):
                spots.append(spot)
        for n in range(GROUPS):
            shops = tuple(
                Shop(id=f"{office.id}-{n}-{k}", name=NAME, lon=lon, lat=lat)
                for k, (lon, lat) in enumerate(spots[n * SHOPS : (n + 1) * SHOPS])
            )
            groups.append(
                Group(id=f"L-{office.id}-{n}", name=NAME, office=office.id, centre=shops[0].id, shops=shops)
            )
    rotation = Rotation(begins=date(2026, 1, 1))
    return Market(id="M", name=NAME, rotation=rotation, offices=offices, groups=tuple(groups))


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(one * 1e3 for one in seconds)
    return {
        "p50_ms": round(statistics.median(ordered), 3),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 3),
    }


def cpu(one: Callable[[int], object], times: int) -> float:
    """Microseconds of CPU of one call."""
    began = time.process_time()
    for n in range(times):
        one(n)
    return (time.process_time() - began) / times * 1e6


def say(name: str, **figures: object) -> None:
    """One JSON line."""
    print(json.dumps({"bench": f"routing.{name}", **figures}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
