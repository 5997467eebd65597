"""A node speaks of its own things only; what belongs to another is refused by its number, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from cloud.nodes.owns import refusal
from devices.ids import uuid7
from devices.messages import Condition, Reading, Telemetry
from tests.cloud.conftest import START, TOKENS
from tests.cloud.sender_for_tests import Seen, Sender

OWNERS = {
    "n1": frozenset({"n1"}), "n2": frozenset({"n2"}),
    "P01": frozenset({"n1"}), "P02": frozenset({"n2"}),
    "P01-C1": frozenset({"n1"}), "P02-C1": frozenset({"n2"}),
    "P01-C1-Z1": frozenset({"n1"}), "P02-C1-Z1": frozenset({"n2"}),
    "corner": frozenset({"n1", "n2"}),
}  # fmt: skip
THINGS = st.sampled_from([*OWNERS, "new-1", "new-2"])


@dataclass(frozen=True)
class Row:
    """A stored alarm, as far as ownership looks."""

    node: str
    point: str = "P01"
    device: str = "P01-C1"
    zone: str | None = "P01-C1-Z1"
    place: str = "P01-C1-Z1"


def condition(**more: object) -> Condition:
    return Seen(Sender()).condition("opened", 1, **more)


@given(THINGS, THINGS, THINGS, st.none() | THINGS)
def test_a_condition_is_taken_just_when_nothing_it_names_is_another_s_alone(
    point, device, place, zone
) -> None:
    body = condition(point=point, device=device, place=place, zone=zone)
    named = {point, device, place} | ({zone} if zone else set())
    foreign = {name for name in named if "n1" not in OWNERS.get(name, {"n1"})}
    reason = refusal(body, "n1", OWNERS, {})
    assert (reason is not None) == bool(foreign)
    if reason is not None:
        assert any(name in reason for name in foreign)


@given(THINGS, THINGS, st.sampled_from(["n1", "n2"]))
def test_nobody_touches_a_condition_of_another_however_it_is_named(point, place, owner) -> None:
    body = condition(point=point, place=place)
    reason = refusal(body, "n1", {}, {body.condition_id: Row(owner)})
    assert (reason is None) == (owner == "n1")


@given(THINGS)
def test_health_and_evidence_and_readings_follow_the_same_rule(name) -> None:
    sender, mine = Sender(), "n1" in OWNERS.get(name, {"n1"})
    health = sender.health(name).body()
    photo = sender.photo(uuid7(), "0" * 64).body().model_copy(update={"camera": name})
    reading = Reading(
        point="P01", sensor=name, quantity="smoke", value=1.0, unit="%", taken_at=START,
        received_at=START, boot="b", seq=1,
    )  # fmt: skip
    readings = Telemetry(node="n1", readings=(reading,))
    for body in (health, photo, readings):
        assert (refusal(body, "n1", OWNERS, {}) is None) == mine


def test_a_condition_goes_on_when_its_point_moved_to_another_node() -> None:
    body = condition()
    moved = {name: frozenset({"n2"}) for name in OWNERS}
    assert refusal(body, "n1", moved, {}) == "point P01 belongs to another node"
    assert refusal(body, "n1", moved, {body.condition_id: Row("n1")}) is None
    elsewhere = body.model_copy(update={"place": "P02-C1-Z1"})
    assert refusal(elsewhere, "n1", moved, {body.condition_id: Row("n1")}) is not None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"point": "P02"}, "point P02"),
        ({"device": "P02-C1"}, "device P02-C1"),
        ({"zone": "P02-C1-Z1"}, "zone P02-C1-Z1"),
        ({"place": "P02-C1-Z1"}, "place P02-C1-Z1"),
        ({"place": "P02-S1"}, "place P02-S1"),
        ({"node": "n2"}, "this token is node n1's"),
    ],
)
async def test_the_door_refuses_what_is_foreign_by_its_number_and_takes_the_rest(
    street, named, words
) -> None:
    """A stolen node could else join its alarms to another's incident by naming its place."""
    async with street() as s:
        sender = Sender()
        first, bad, last = (Seen(sender, place=f"own-{n}") for n in range(3))
        answer = await s.send(first.now("opened"), bad.now("opened", **named), last.now("opened"))
        (refused,) = answer["refused"]
        assert (refused["seq"], refused["code"]) == (2, "forbidden")
        assert words in refused["reason"]
        assert answer["committed"][0]["ranges"] == [[1, 1], [3, 3]]
        assert {one["place"] for one in await (await s.log_in()).incidents()} == {"own-0", "own-2"}


@pytest.mark.anyio
async def test_a_stolen_node_can_neither_report_on_nor_illustrate_nor_clear_what_is_another_s(
    street, store_photo
) -> None:
    async with street() as s:
        theirs, mine = Sender("n2"), Sender("n1")
        fire = Seen(theirs, place="P02-C1-Z1")
        await s.send(fire.now("opened"), node="n2")
        sha256 = await store_photo(s)
        forged = Seen(mine, place="P02-C1-Z1", id=fire.id, rev=fire.rev)
        reopening = Seen(mine, place="own", reopens=fire.id)
        answer = await s.send(
            forged.now("cleared"), reopening.now("opened"), mine.photo(fire.id, sha256),
            mine.health("P02-C1", "unreachable"), mine.health("n2", "unreachable"), mine.health("P02-S1"),
        )  # fmt: skip
        assert [one["code"] for one in answer["refused"]] == ["forbidden"] * 6
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["state"] == "detected"
        states = {node["id"]: node["status"] for node in await leader.get("/nodes")}
        assert states["n2"] == "up"


@pytest.mark.anyio
async def test_places_that_several_nodes_share_are_open_to_each_of_them(street, url, site) -> None:
    from cloud.areas.importer import import_site
    from cloud.database.engine import make_engine

    points = []
    for point in site.points:
        (camera,) = point.cameras
        (zone,) = camera.zones
        zone = zone.model_copy(update={"place": "crossing"})
        camera = camera.model_copy(update={"zones": (zone,)})
        points.append(point.model_copy(update={"cameras": (camera,)}))
    engine = make_engine(url)
    async with engine.begin() as connection:
        await import_site(connection, site.model_copy(update={"version": 2, "points": tuple(points)}), START)
    await engine.dispose()
    async with street() as s:
        for node in TOKENS:
            answer = await s.send(Seen(Sender(node), place="crossing").now("opened"), node=node)
            assert answer["refused"] == []
        (incident,) = await (await s.log_in()).incidents()
        assert incident["place"] == "crossing"
        assert UUID(incident["id"])
        async with s.app.state.context.engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM place WHERE id = 'crossing'")) == 2
