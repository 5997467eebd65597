from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from cloud.public.open_data import Week, newest, weeks
from cloud.public.suppression import ALL, K, shown, with_totals
from tests.cloud.test_cloud_doors import is_problem
from tests.cloud.test_public_track import unlimited

pytestmark = pytest.mark.anyio
SHANGHAI = ZoneInfo("Asia/Shanghai")
TABLES = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda size: st.lists(
        st.lists(st.sampled_from([0, 0, 1, 3, 4, 5, 6, 9, 40]), min_size=size[1], max_size=size[1]),
        min_size=size[0],
        max_size=size[0],
    )
)


def table_of(rows: list[list[int]]) -> dict[tuple[str, str], int]:
    return with_totals({(f"c{i}", f"a{j}"): n for i, row in enumerate(rows) for j, n in enumerate(row)})


EVERY = np.array([list(table_of([[a, b], [c, d]]).values()) for a, b, c, d in product(range(9), repeat=4)])
"""All tables of two by two with counts below 9, each in the order of its cells."""


def sums(table: dict[tuple[str, str], int]) -> np.ndarray:
    """Every equation that the totals give: each row is one, each column a cell or total."""
    cells = list(table)
    classes, areas = ({one[side] for one in cells} for side in (0, 1))
    equations = []
    for fixed, side in ((classes, 0), (areas, 1)):
        for name in fixed:
            line = [one for one in cells if one[side] == name]
            equations.append([(-1 if one[1 - side] == ALL else 1) if one in line else 0 for one in cells])
    return np.array(equations, dtype=float)


@given(TABLES)
@example([[0, 0], [0, 0]])
@example([[5, 1], [7, 9]])
@example([[4]])
def test_no_hidden_cell_follows_from_what_is_shown_by_adding_and_subtracting(rows) -> None:
    table = table_of(rows)
    visible = shown(table)
    assert all(count >= K for count in visible.values())
    hidden = [cell for cell in table if cell not in visible]
    unknown = sums(table)[:, [list(table).index(cell) for cell in hidden]]
    rank = np.linalg.matrix_rank(unknown) if hidden else 0
    for at, cell in enumerate(hidden):
        alone = np.zeros(len(hidden))
        alone[at] = 1
        # a cell follows when its unit vector is a sum of the equations
        assert np.linalg.matrix_rank(np.vstack([unknown, alone])) > rank, cell


@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=2))
def test_no_hidden_cell_follows_even_knowing_that_counts_are_not_negative(rows) -> None:
    table = table_of(rows)
    visible = shown(table)
    hidden = [cell for cell in table if cell not in visible]
    cells = list(table)
    fits = np.ones(len(EVERY), dtype=bool)
    for cell, count in visible.items():
        fits &= EVERY[:, cells.index(cell)] == count
    left = EVERY[fits]
    assert all(len(set(left[:, cells.index(cell)])) > 1 for cell in hidden)


@given(TABLES)
@example([[0, 0, 9], [0, 0, 9], [9, 9, 9]])
def test_what_is_hidden_of_a_line_is_never_known_to_be_nothing(rows) -> None:
    table = table_of(rows)
    visible = shown(table)
    for total in (cell for cell in visible if ALL in cell):
        for side in (0, 1):
            if total[side] != ALL:
                continue
            line = [one for one in table if one[1 - side] == total[1 - side] and one[side] != ALL]
            hidden = [one for one in line if one not in visible]
            assert not hidden or sum(table[one] for one in hidden) > 0, total


@given(TABLES)
def test_what_need_not_be_hidden_is_shown(rows) -> None:
    table = table_of(rows)
    if min(table.values()) >= K:
        assert shown(table) == table


def test_weeks_are_those_of_the_calendar_and_of_the_sites_clock() -> None:
    assert str(Week.of(date(2027, 1, 1))) == "2026-W53"
    assert [str(week) for week in weeks(Week(2026, 52), Week(2027, 1))] == [
        "2026-W52",
        "2026-W53",
        "2027-W01",
    ]
    begins, ends = Week(2026, 47).span(SHANGHAI)
    assert begins.astimezone(UTC) == datetime(2026, 11, 15, 16, tzinfo=UTC)
    assert ends - begins == timedelta(days=7)
    over = datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert str(newest(over, SHANGHAI)) == "2026-W47"
    assert str(newest(over - timedelta(seconds=1), SHANGHAI)) == "2026-W46"


async def cases(street, *groups: tuple[int, str, str, str]) -> None:
    """So many cases of a class, in a community, in a state; all on Wednesday of 2026-W47."""
    insert = text(
        "INSERT INTO incident (id, number, place, event_class, state, version, severity, community,"
        " opened_at, updated_at, source, level) SELECT gen_random_uuid(), gen_random_uuid()::text,"
        " gen_random_uuid()::text, :code, :state, 1, 2, :community, '2026-11-18T04:00:00Z', now(),"
        " 'manual', 'grid'"
        " FROM generate_series(1, :many)"
    )
    async with street.app.state.context.engine.begin() as connection:
        for many, code, community, state in groups:
            values = {"many": many, "code": code, "community": community, "state": state}
            await connection.execute(insert, values)


async def read(street, **params: str):
    params = {"from": "2026-W47", "to": "2026-W47"} | params
    body = (await street.http.get("/api/v1/open-data/incidents.csv", params=params)).content
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    geo = (await street.http.get("/api/v1/open-data/incidents.geojson", params=params)).json()
    flat = {
        (one["week"], one["class"], feature["id"], one["count"])
        for feature in geo["features"]
        for one in feature["properties"]["counts"]
    }
    assert flat == {(one["week"], one["class"], one["area"], int(one["count"])) for one in lines}
    return {(one["class"], one["area"]): int(one["count"]) for one in lines}, geo


async def test_csv_and_geojson_agree_and_a_week_is_published_once_when_it_is_settled(street) -> None:
    async with street() as s:
        unlimited(s)
        await cases(
            s, (9, "05-06", "C1", "closed"), (6, "01-01", "C1", "detected"), (30, "05-06", "C1", "void")
        )
        assert (await read(s))[0] == {}
        s.clock.at = datetime(2026, 12, 1, tzinfo=UTC)
        counts, geo = await read(s)
        assert counts[("05-06", "C1")] == counts[("05-06", "all")] == 9
        assert counts[("all", "all")] == counts[("all", "C1")] == 15
        assert {feature["id"]: feature["geometry"] is None for feature in geo["features"]} == {
            "C1": False,
            "all": True,
        }
        await cases(s, (1, "05-06", "C1", "closed"), (40, "05-06", "C2", "closed"))
        assert (await read(s))[0] == counts


async def test_small_cells_and_what_they_follow_from_are_not_there(street) -> None:
    async with street() as s:
        unlimited(s)
        await cases(
            s,
            (9, "05-06", "C1", "closed"), (2, "05-06", "C2", "closed"),
            (20, "01-01", "C1", "closed"), (30, "01-01", "C2", "closed"),
        )  # fmt: skip
        s.clock.at = datetime(2026, 12, 1, tzinfo=UTC)
        counts, _ = await read(s)
        assert ("05-06", "C2") not in counts
        assert len(counts) == 5
        assert min(counts.values()) >= K
        engine = s.app.state.context.engine
        async with engine.connect() as connection:
            stored = await connection.scalar(text("SELECT cells FROM open_data_week"))
        assert {(code or "all", area or "all"): count for code, area, count in stored} == counts


async def test_what_is_no_week_or_too_many_is_refused(street) -> None:
    async with street() as s:
        for params in (
            {"from": "2026-W60"},
            {"from": "2025-W53"},
            {"from": "2020-W01"},
            {"from": "0000-W01"},
        ):
            answer = await s.http.get("/api/v1/open-data/incidents.csv", params=params)
            assert is_problem(answer, 422, "invalid")
