"""Ten-shop joint-defence groups: turns, the group of a shop and of a place, and the files they come from."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
import time as clock
from argparse import Namespace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.areas import command, group_store
from cloud.areas.current import Current
from cloud.areas.group_file import MarketRefused, read_market
from cloud.areas.groups import Directory, Group, Market, Office, Rotation, Shop, on_duty
from cloud.database.engine import make_engine
from cloud.incidents.store import Actor
from devices.site.load import load_site
from devices.site.model import Area, Names
from tests.cloud.sender_for_tests import START
from tests.devices.tilings import CELL, METRE, on_earth, tiling

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "market"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NAME = Names(zh="名", en="Name")


def shop(identity: str, x: float = 0, y: float = 0) -> Shop:
    lon, lat = on_earth(x, y)
    return Shop(id=identity, name=NAME, lon=lon, lat=lat)


def group(count: int) -> Group:
    shops = tuple(shop(f"S{n}") for n in range(count))
    return Group(id="L", name=NAME, office="O", centre="S0", shops=shops)


TEN = group(10)
DAILY = Rotation(begins=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("at", "who"),
    [
        (datetime(2026, 1, 1, 8, tzinfo=SHANGHAI), "S0"),
        (datetime(2026, 1, 2, 7, 59, 59, tzinfo=SHANGHAI), "S0"),
        (datetime(2026, 1, 2, 8, tzinfo=SHANGHAI), "S1"),
        (datetime(2026, 1, 2, 0, tzinfo=UTC), "S1"),
        (datetime(2026, 1, 11, 8, tzinfo=SHANGHAI), "S0"),
        (datetime(2026, 1, 1, 7, tzinfo=SHANGHAI), "S9"),
    ],
)
def test_the_next_shop_takes_over_at_eight(at: datetime, who: str) -> None:
    assert on_duty(TEN, DAILY, at, SHANGHAI).shop.id == who


moments = st.integers(-60_000, 60_000).map(lambda n: START + timedelta(hours=n, minutes=n % 7))


@given(st.integers(1, 15), st.integers(1, 31), st.times(), moments)
def test_somebody_is_always_on_duty_and_turns_follow_each_other(
    count: int, days: int, change_at: time, at: datetime
) -> None:
    rotation, those = Rotation(begins=date(2026, 1, 1), days=days, change_at=change_at), group(count)
    duty = on_duty(those, rotation, at, SHANGHAI)
    assert duty.since <= at < duty.until
    assert duty.until - duty.since == timedelta(days=days)
    following = on_duty(those, rotation, duty.until, SHANGHAI)
    assert following.since == duty.until
    assert those.shops.index(following.shop) == (those.shops.index(duty.shop) + 1) % count
    last = on_duty(those, rotation, duty.until - timedelta(microseconds=1), SHANGHAI)
    assert last == duty


def big_market(areas: list[Area], groups: int = 36, shops: int = 10) -> Market:
    """One office in each of five grids; in each grid so many groups in rows."""
    grids = [area.id for area in areas if area.level == "grid"]
    offices = tuple(Office(id=f"O-{grid}", grid=grid, name=NAME) for grid in grids)
    found = []
    for column, office in enumerate(offices):
        for n in range(groups):
            x, y = CELL * (column + 0.25), CELL * (0.25 + 0.5 * n / groups)
            row = tuple(shop(f"{office.id}-{n}-{k}", x + 50 * k / shops, y) for k in range(shops))
            found.append(
                Group(id=f"L-{office.id}-{n}", name=NAME, office=office.id, centre=row[0].id, shops=row)
            )
    return Market(id="M", name=NAME, rotation=DAILY, offices=offices, groups=tuple(found), reach=30)


STREET = tiling(5, [1], 3)
BIG = big_market(STREET)


def test_the_group_of_a_place_is_that_of_the_nearest_shop_within_reach() -> None:
    directory, chance = Directory([BIG]), random.Random(5)
    shops = [(one, each) for each in BIG.groups for one in each.shops]
    east = math.cos(math.radians(30))
    for _ in range(200):
        lon, lat = on_earth(chance.uniform(-100, 600), chance.uniform(-100, 200))
        far = sorted(
            (math.hypot((one.lon - lon) * east, one.lat - lat) / METRE, each.id) for one, each in shops
        )
        found = directory.of_place(lon, lat)
        if far[0][0] > 30:
            assert found is None
        else:
            assert found is not None
            assert found.group.id in {name for distance, name in far if distance < far[0][0] + 0.01}
    assert directory.of_shop("O-G1-3-7-2").group.id == "L-O-G1-3-7"  # type: ignore[union-attr]
    assert directory.of_shop("nobody") is None


def test_across_the_border_of_a_grid_another_office_is_responsible() -> None:
    directory = Directory([BIG])
    lon, lat = on_earth(CELL * 1.1, CELL * 0.5)
    assert directory.of_place(lon, lat, "G1-2").office.grid == "G1-2"  # type: ignore[union-attr]
    assert directory.of_place(lon, lat, "G1-5") is None


def test_among_eighteen_hundred_shops_a_place_is_looked_up_in_less_than_a_millisecond() -> None:
    chance = random.Random(6)
    spots = [on_earth(chance.uniform(0, 500), chance.uniform(0, 100)) for _ in range(400)]

    def looked_at(market: Market) -> float:
        """Seconds of CPU for one look, at best."""
        directory, best = Directory([market]), math.inf
        for _ in range(3):
            begin = clock.process_time()
            for lon, lat in spots:
                directory.of_place(lon, lat)
            best = min(best, (clock.process_time() - begin) / len(spots))
        return best

    assert sum(len(one.shops) for one in BIG.groups) == 1800
    assert len(BIG.groups) == 180
    # With shops as dense as here nine squares hold some hundred and sixty: far below a millisecond.
    assert looked_at(BIG) < 0.001


def example(tmp_path: Path) -> Path:
    folder = tmp_path / "market"
    shutil.copytree(EXAMPLE, folder)
    return folder / "market.yaml"


@pytest.fixture(scope="module")
def areas() -> tuple[Area, ...]:
    return load_site(ROOT / "examples" / "street" / "site.yaml").areas


def test_the_generator_makes_exactly_what_is_committed() -> None:
    code = "import json, make_market; print(json.dumps(make_market.make()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True, check=True
    )
    for name, text in json.loads(done.stdout).items():
        assert (EXAMPLE / name).read_text("utf-8") == text, f"run scripts/make_market.py: {name} differs"


def test_the_example_market_is_read(areas: tuple[Area, ...]) -> None:
    market = read_market(EXAMPLE / "market.yaml", areas)
    assert (len(market.offices), len(market.groups)) == (5, 10)
    assert [one.id for one in market.groups[0].shops] == [f"S{n:03d}" for n in range(1, 11)]
    assert Market.model_validate(json.loads(market.model_dump_json())) == market


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("shops.csv", "\nS002,", "\nS001,", "shops.csv:3: shop: 'S001' stands on line 2 already"),
        ("shops.csv", ",L01,", ",L99,", "shops.csv:2: group: there is no group 'L99'"),
        ("shops.csv", "L01,120", "L01,320", "shops.csv:2: lon: '320"),
        ("shops.csv", "L01,120", "L01,12O", "shops.csv:2: lon: '12O"),
        ("shops.csv", "L01,120.0", "L01,120.1", "shops.csv:2: lon: S001 lies in no grid, its group L01"),
        ("shops.csv", ",lon,", ",long,", "shops.csv:1: the columns are shop, name_zh, name_en, group, long"),
        ("shops.csv", "L01,", "L01,,", "shops.csv:2: has 7 cells, the first line 6"),
        ("shops.csv", '"Stall 1,', '"Stall 1"x,', "shops.csv:2: not CSV"),
        ("groups.csv", ",S001", ",S011", "groups.csv:2: centre: 'S011' is no shop of 'L01'"),
        ("groups.csv", ",O1,", ",O9,", "groups.csv:2: office: there is no office 'O9'"),
        ("groups.csv", "\nL02,", "\nL01,", "groups.csv:3: group: 'L01' stands on line 2 already"),
        ("groups.csv", "L10,", "L 10,", "there is no group 'L10'"),
        ("market.yaml", "least: 8", "least: 11", "groups.csv:2: group: 'L01' has 10 shops, `sizes` says 11"),
        ("market.yaml", "least: 8", "least: 13", "`least` 13 is above `most` 12"),
        ("market.yaml", "grid: G36", "grid: G35", "offices[1]: G35 has the office O1 already"),
        ("market.yaml", "grid: G36", "grid: G99", "offices[1]: there is no grid 'G99'"),
        ("market.yaml", "id: O2", "id: O1", "offices[1]: 'O1' stands twice"),
        ("market.yaml", "days: 1", "days: 0", "rotation.days: "),
        ("market.yaml", "reach: 60", "raech: 60", "raech: "),
        ("market.yaml", "groups.csv", "../groups.csv", "`groups` names no file"),
        ("market.yaml", "groups.csv", "absent.csv", "there is no such file"),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(
    tmp_path: Path, areas: tuple[Area, ...], name: str, old: str, new: str, said: str
) -> None:
    path = example(tmp_path)
    file = path.parent / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(MarketRefused) as caught:
        read_market(path, areas)
    assert said in str(caught.value)


def test_an_unquoted_hour_of_the_evening_is_that_hour(tmp_path: Path, areas: tuple[Area, ...]) -> None:
    path = example(tmp_path)
    path.write_text(path.read_text("utf-8").replace("change_at: 08:00", "change_at: 20:30"), "utf-8")
    assert "change_at: 20:30" in path.read_text("utf-8")
    assert read_market(path, areas).rotation.change_at == time(20, 30)


@pytest.mark.anyio
async def test_a_market_is_kept_and_every_process_goes_by_it(url) -> None:
    engine = make_engine(url)
    who = Actor("user", "somebody")
    current = Current(engine)
    assert await current.load()
    assert current.registry.directory.markets == ()
    async with engine.begin() as connection:
        await group_store.keep(connection, BIG, who, START)
    assert await current.load()
    assert current.registry.directory.markets == (BIG,)
    assert not await current.load()
    fewer = BIG.model_copy(update={"groups": BIG.groups[:7]})
    async with engine.begin() as connection:
        await group_store.keep(connection, fewer, who, START + timedelta(seconds=1))
        with pytest.raises(MarketRefused, match="market M has a shop 'O-G1-1-0-0' already"):
            await group_store.keep(connection, BIG.model_copy(update={"id": "N"}), who, START)
    assert await current.load()
    assert current.registry.directory.markets == (fewer,)
    await engine.dispose()


@pytest.mark.anyio
async def test_the_command_says_each_fault(url, tmp_path, monkeypatch, capsys) -> None:
    import asyncio

    monkeypatch.setenv("GRIDWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    options = Namespace(helper="market", file=example(tmp_path), dry_run=False, state=tmp_path / "state")
    assert await asyncio.to_thread(command.run, options) == 1
    said = capsys.readouterr().err
    assert "there is no grid 'G35'" in said, "the small town of the tests has other grids"
    assert "Traceback" not in said
