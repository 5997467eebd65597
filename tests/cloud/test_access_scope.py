"""Scope: the condition in the query, the wall behind it in the database, and what the stream tells whom."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, true, update

from cloud.areas.registry import Registry
from cloud.database import schema, tables
from cloud.incidents import routes as incident_routes
from cloud.incidents import views
from cloud.people import wall
from cloud.people.person import Person
from cloud.people.roles import Role
from cloud.people.scope import STREET, Scope, Where, places, scope_of, visible
from cloud.people.tables import incident_party
from cloud.sources.tables import report
from cloud.stream.cursor import Cursor
from cloud.stream.reader import Row
from cloud.stream.render import render
from devices.site.model import Names
from tests.cloud.conftest import make_site

pytestmark = pytest.mark.anyio

REGISTRY = Registry(areas={area.id: area for area in make_site().areas})
WITHOUT_CASE = {
    "audit_head": "hashes",
    "command": "asked about a camera: its routes look where that stands",
    "incident_party": "only who else sees a case",
    "webhook_delivery": "what subscribers of the administrator are sent",
    "webhook_event": "what subscribers of the administrator are sent",
}
"""Tables with `incident_id` that need no policy, and why."""


def somebody(
    *roles: Role, areas: tuple[str, ...] = (), organisation: str | None = None, **more: Any
) -> Person:
    return Person(
        uuid4(), "ann", Names(zh="x", en="x"), roles, b"", areas=areas, organisation=organisation, **more
    )


@pytest.mark.parametrize(
    ("person", "areas"),
    [
        (somebody(Role.OPERATOR), None),
        (somebody(Role.OPERATOR, areas=("G01",)), {"G01"}),
        (somebody(Role.STREET, areas=("S",)), None),
        (somebody(Role.COMMUNITY, areas=("C1",)), {"C1", "G01", "G02"}),
        (somebody(Role.GRID_WORKER), set()),
        (somebody(Role.GRID_WORKER, Role.AUDITOR), None),
        (somebody(Role.DEPARTMENT, areas=("G01",), organisation="bikes"), set()),
        (somebody(Role.ADMINISTRATOR), set()),
        (somebody(Role.OPERATOR, narrowed=("G02",)), {"G02"}),
        (somebody(Role.GRID_WORKER, areas=("G01",), narrowed=("S",)), {"G01"}),
        (somebody(Role.GRID_WORKER, areas=("G01",), narrowed=("G02",)), set()),
    ],
)
def test_roles_and_areas_make_a_scope(person: Person, areas: set[str] | None) -> None:
    found = scope_of(person, REGISTRY).areas
    assert found == (None if areas is None else frozenset(areas))


def test_who_acts_for_an_organisation_is_its_party_and_an_administrator_nobodys() -> None:
    department = somebody(Role.DEPARTMENT, organisation="bikes")
    assert scope_of(department, REGISTRY).parties == {"organisation:bikes"}
    assert scope_of(somebody(Role.GRID_WORKER, organisation="bikes"), REGISTRY).parties == {"person:ann"}
    assert scope_of(somebody(Role.ADMINISTRATOR), REGISTRY).parties == frozenset()


@given(st.sets(st.sampled_from(["G01", "G02", "C1", "S"])), st.sampled_from(["G01", "G02"]))
def test_what_lies_in_a_grid_is_seen_from_the_grid_its_community_and_the_street(
    areas: set[str], grid: str
) -> None:
    scope = scope_of(somebody(Role.COMMUNITY, areas=tuple(areas)), REGISTRY)
    assert scope.sees(Where(grid, "C1")) == bool(areas & {grid, "C1", "S"})
    assert scope.sees(Where()) == ("S" in areas)


@contextmanager
def as_seen_by(scope: Scope) -> Any:
    with wall.unwalled():
        wall.stand(scope)
        yield


async def two_cases(s: Any, senders: Any, seen: Any) -> dict[str, UUID]:
    """Point -> the id of its case."""
    for sender, node in zip(senders, ("n1", "n2"), strict=True):
        await s.send(seen(sender, place=f"P0{node[1]}-C1-Z1").now("opened"), node=node)
    async with s.app.state.context.engine.connect() as connection:
        rows = await connection.execute(select(schema.incident.c.point, schema.incident.c.id))
        return {row.point: row.id for row in rows}


SCOPES = [
    STREET,
    Scope(),
    Scope(frozenset({"G01"})),
    Scope(frozenset({"C1", "G01", "G02"})),
    Scope(frozenset(), frozenset({"organisation:bikes"})),
    Scope(frozenset({"G02"}), frozenset({"person:ann", "organisation:bikes"})),
]


async def test_the_query_the_wall_and_the_stream_agree_on_what_is_in_scope(
    street, sender, other_sender, seen
) -> None:
    async with street() as s:
        cases = await two_cases(s, (sender, other_sender), seen)
        engine, everything = s.app.state.context.engine, select(schema.incident.c.id)
        async with engine.begin() as connection:
            row = {"incident_id": cases["P01"], "party": "organisation:bikes"}
            await connection.execute(insert(incident_party), row)
            lie = await places(connection, list(cases.values()))
        sizes = set()
        for scope in SCOPES:
            async with engine.connect() as connection:
                asked = set((await connection.scalars(everything.where(visible(scope)))).all())
            with as_seen_by(scope):
                async with engine.connect() as connection:
                    walled = set((await connection.scalars(everything)).all())
            told = {key for key, where in lie.items() if scope.sees(where)}
            assert asked == walled == told, scope
            sizes.add(len(asked))
        assert sizes == {0, 1, 2}


async def test_a_query_that_forgot_to_ask_still_answers_nothing_out_of_scope(
    street, sender, other_sender, seen
) -> None:
    async with street() as s:
        cases = await two_cases(s, (sender, other_sender), seen)
        engine = s.app.state.context.engine
        hangs = [schema.incident_event, schema.alarm]
        with as_seen_by(Scope(frozenset({"G01"}))):
            async with engine.begin() as connection:
                for table in hangs:
                    found = (await connection.scalars(select(table.c.incident_id))).all()
                    assert set(found) == {cases["P01"]}, table.name
                changed = await connection.execute(update(schema.incident).values(severity=0))
                assert changed.rowcount == 1
        with as_seen_by(Scope()):
            async with engine.connect() as connection:
                for table in (*hangs, schema.incident, schema.evidence, schema.deadline, schema.trace):
                    assert await connection.scalar(select(func.count()).select_from(table)) == 0, table.name
        async with engine.connect() as connection:
            assert len((await connection.scalars(select(schema.incident.c.id))).all()) == 2


async def test_a_route_that_forgot_to_ask_still_answers_nothing_out_of_scope(
    street, sender, other_sender, seen, monkeypatch
) -> None:
    async with street() as s:
        cases = await two_cases(s, (sender, other_sender), seen)
        leader = await s.log_in()
        async with s.app.state.context.engine.begin() as connection:
            mine = schema.person.c.username == "leader"
            await connection.execute(update(schema.person).where(mine).values(areas=["G01"]))
        monkeypatch.setattr(views, "visible", lambda scope: true())
        monkeypatch.setattr(incident_routes, "require", nothing)
        assert [one["id"] for one in await leader.incidents()] == [str(cases["P01"])]
        other = {"id": str(cases["P02"]), "version": 1}
        assert (await leader.http.get(f"/api/v1/incidents/{other['id']}")).status_code == 404
        assert (await leader.do(other, "accept")).status_code == 404


async def nothing(*_: Any) -> None:
    """In the place of a check."""


async def test_a_request_does_not_inherit_the_scope_of_the_one_before(
    street, sender, other_sender, seen
) -> None:
    async with street() as s:
        leader = await s.log_in()
        assert await leader.incidents() == []
        await two_cases(s, (sender, other_sender), seen)  # a node's batch, in this same task
        assert len(await leader.incidents()) == 2
        async with s.app.state.context.engine.connect() as connection:
            assert await connection.scalar(text("SELECT current_user")) != wall.ROLE


async def test_every_table_that_hangs_on_a_case_stands_behind_the_wall(street) -> None:
    named = text("SELECT tablename FROM pg_policies WHERE policyname = 'in_scope'")
    async with street() as s, s.app.state.context.engine.connect() as connection:
        walled = set((await connection.scalars(named)).all())
    hangs = {table.name for table in tables.metadata.sorted_tables if "incident_id" in table.c}
    bare = hangs - walled - set(WITHOUT_CASE)
    assert hangs >= set(WITHOUT_CASE)
    assert not bare, (
        f"{sorted(bare)}: hold incident_id and have no policy. In a migration: ALTER TABLE x "
        "ENABLE ROW LEVEL SECURITY; CREATE POLICY in_scope ... as in v0023_walls.py"
    )


async def test_who_told_of_something_sees_the_report_wherever_it_lies_and_nobody_elses(street) -> None:
    async with street() as s:
        engine = s.app.state.context.engine
        told = {"received_at": s.clock(), "happened_at": s.clock(), "source": "worker", "words": "a hole",
                "photos": [], "state": "waiting", "version": 1}  # fmt: skip
        async with engine.begin() as connection:
            people = (await connection.execute(select(schema.person.c.username, schema.person.c.id))).all()
            sent = {name: uuid4() for name, _ in people}
            rows = [
                {"id": sent[name], "number": name, "sender": f"person:{person}", **told}
                for name, person in people
            ]
            await connection.execute(insert(report), rows)
        assert len(sent) > 1
        with as_seen_by(Scope(parties=frozenset({"person:leader"}))):
            async with engine.connect() as connection:
                assert (await connection.scalars(select(report.c.id))).all() == [sent["leader"]]


async def test_the_handler_and_the_organisation_of_a_case_become_its_parties_and_stay(
    street, sender, other_sender, seen
) -> None:
    async with street() as s:
        cases = await two_cases(s, (sender, other_sender), seen)
        mine = schema.incident.c.id == cases["P01"]
        parties = select(incident_party.c.party).where(incident_party.c.incident_id == cases["P01"])
        async with s.app.state.context.engine.begin() as connection:
            for values in (
                {"organisation": "bikes"},
                {"handler": "ann"},
                {"handler": None, "organisation": "cars"},
            ):
                await connection.execute(update(schema.incident).where(mine).values(values))
            found = set((await connection.scalars(parties)).all())
        assert found == {"organisation:bikes", "organisation:cars", "person:ann"}


async def test_a_wall_gets_only_events_of_what_its_person_may_see(street, sender, other_sender, seen) -> None:
    async with street() as s:
        cases = await two_cases(s, (sender, other_sender), seen)
        context = s.app.state.context
        rows = [Row(Cursor(1, n), "incident", str(key)) for n, key in enumerate(cases.values())]
        async with context.engine.connect() as connection:
            alarms = (await connection.scalars(select(schema.alarm.c.id))).all()
            rows += [Row(Cursor(2, n), "alarm", str(key)) for n, key in enumerate(alarms)]
            items = await render(connection, rows, context.registry, context.now())
        assert len(items) == 4
        roles = (Role.OPERATOR,)
        for scope, count in ((STREET, 4), (Scope(frozenset({"G01"})), 2), (Scope(), 0)):
            told = [item for item in items if item.is_for(scope, roles, "ann")]
            assert len(told) == count
            secret = str(cases["P02"])
            assert scope.areas is None or not any(secret.encode() in item.encoded(roles) for item in told)
