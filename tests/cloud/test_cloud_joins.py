"""Several alarms, one incident: parts and their join, and alarms of two nodes near in place and time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from cloud.alarms.joining import vicinities
from cloud.areas.registry import load_registry
from cloud.database.engine import make_engine
from cloud.install import prepare
from cloud.settings import Settings
from devices.ids import uuid7
from devices.site.joins import IncidentJoin
from tests.cloud.conftest import TOKENS, make_site
from tests.cloud.sender_for_tests import START

pytestmark = pytest.mark.anyio

FLOOD = {"id": "flood", "classes": ["05-06", "01-01"], "across": "community", "within": 300}


@pytest.fixture
def joining(url, tmp_path):
    """Have the site of the test's database join incidents."""

    async def declare(*rules: dict) -> None:
        made = tuple(IncidentJoin.model_validate(rule) for rule in rules)
        site = make_site(version=2).model_copy(update={"incident_joins": made})
        await prepare(url, Settings(state=tmp_path / "state"), START, site=site, tokens=TOKENS)

    (tmp_path / "state").mkdir()
    return declare


def joined_of(sender, *parts, place: str = "P01-lane", event_class: str = "01-01", **more):
    named = [
        {
            "condition_id": part.id,
            "point": "P01",
            "device": "P01-S1",
            "rule": "high",
            "label": "x",
            "since": START,
        }
        for part in parts
    ]
    return {"device": place, "rule": place, "zone": None, "place": place, "event_class": event_class,
            "label": "joined", "parts": named} | more  # fmt: skip


async def test_a_join_takes_up_the_incident_of_its_first_part_and_raises_it(street, sender, seen) -> None:
    async with street() as s:
        first, second, joined = seen(sender, place="A"), seen(sender, place="B"), seen(sender)
        await s.send(first.now("opened", severity="low"))
        await s.send(joined.now("opened", severity="critical", **joined_of(sender, second, first)))
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert (incident["place"], incident["severity"], len(incident["alarms"])) == ("A", "critical", 2)
        lead = incident["alarms"][0]
        assert [part["condition_id"] for part in lead["parts"]] == [str(second.id), str(first.id)]
        assert incident["camera"] == "P01-C1", "the camera of a part, to be looked through"
        await s.send(second.now("opened"))
        assert len((await leader.the_incident())["alarms"]) == 3, "a part that comes later goes there, too"


async def test_parts_and_join_in_one_batch_are_one_incident_in_any_order(street, sender, seen) -> None:
    async with street() as s:
        for number, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0])):
            one, two, joined = (seen(sender, place=f"{name}{number}") for name in ("A", "B", "J"))
            of = joined_of(sender, one, two, place=f"J{number}")
            events = [one.now("opened"), two.now("opened"), joined.now("opened", **of)]
            await s.send(*(events[at] for at in order))
        leader = await s.log_in()
        incidents = await leader.incidents()
        assert sorted((each["place"], len(each["alarms"])) for each in incidents) == [
            ("J0", 3), ("J1", 3), ("J2", 3),
        ]  # fmt: skip
        await s.send(joined.now("cleared", **of), one.now("cleared"))
        assert {each["state"] for each in await leader.incidents()} == {"detected"}
        await s.send(two.now("cleared"))
        assert sorted(each["state"] for each in await leader.incidents()) == [
            "checking",
            "detected",
            "detected",
        ]


async def test_a_new_alarm_at_a_place_that_an_open_incident_has_taken_up_goes_there(
    street, sender, seen
) -> None:
    async with street() as s:
        one, two, joined = seen(sender, place="A"), seen(sender, place="B"), seen(sender)
        await s.send(joined.now("opened", **joined_of(sender, one, two)), one.now("opened"))
        await s.send(seen(sender, place="A").now("opened"))
        leader = await s.log_in()
        assert len((await leader.the_incident())["alarms"]) == 3


async def test_a_node_cannot_name_a_part_that_is_not_its_own(street, sender, seen, other_sender) -> None:
    async with street() as s:
        mine, stolen = seen(sender), seen(other_sender, place="P02-lane")
        await s.send(mine.now("opened"))
        answer = await s.send(
            stolen.now("opened", **joined_of(other_sender, mine, place="P02-lane")), node="n2"
        )
        assert [one["code"] for one in answer["refused"]] == ["forbidden"]


async def test_alarms_of_two_nodes_near_in_place_and_time_are_one_incident(
    street, sender, seen, other_sender, joining
) -> None:
    await joining(FLOOD)
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        await s.send(seen(other_sender, place="P02-S1", event_class="01-01").now("opened"), node="n2")
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert sorted(alarm["point"]["id"] for alarm in incident["alarms"]) == ["P01", "P02"]
        assert [line["action"] for line in await leader.log(incident)] == ["open", "join"]


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        (FLOOD | {"classes": ["05-06"]}, {}),
        (FLOOD | {"across": "grid"}, {}),
        (FLOOD | {"across": ["P02"]}, {}),
        (FLOOD, {"since": START + timedelta(seconds=301)}),
    ],
    ids=["another class", "another grid", "a point that is not named", "too late"],
)
async def test_what_the_rule_does_not_cover_stays_apart(
    street, sender, seen, other_sender, joining, rule, more
) -> None:
    await joining(rule)
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        other = seen(other_sender, place="P02-S1", event_class="01-01")
        await s.send(other.now("opened", **more), node="n2")
        leader = await s.log_in()
        assert len(await leader.incidents()) == 2


async def test_history_joins_what_was_then_and_nothing_of_today(
    street, sender, seen, other_sender, joining
) -> None:
    """A node comes back after three hours: its alarm of then is of the incident of then."""
    await joining(FLOOD)
    async with street() as s:
        then, today = START, START + timedelta(hours=3)
        await s.send(seen(sender, place="old").now("opened", since=then))
        await s.send(seen(sender, place="new", at=today).now("opened", since=today))
        late = seen(other_sender, place="P02-S1", event_class="01-01")
        event = late.now("opened", since=then + timedelta(seconds=60))
        await s.send(event, node="n2", sent_at=today)
        leader = await s.log_in()
        found = {each["place"]: (len(each["alarms"]), each["history"]) for each in await leader.incidents()}
        assert found == {"old": (2, False), "new": (1, False)}


async def test_what_waited_in_one_batch_joins_by_its_own_time(
    street, sender, seen, other_sender, joining
) -> None:
    """Of then and of today in one message: each goes where it belongs, also beside what just opened."""
    await joining(FLOOD)
    async with street() as s:
        then, today = START, START + timedelta(hours=3)
        await s.send(seen(sender, place="old").now("opened", since=then))
        late = [
            seen(other_sender, place=place, event_class="01-01").now("opened", since=since)
            for place, since in (("a", then), ("b", today), ("c", today + timedelta(seconds=299)))
        ]
        await s.send(*late, node="n2", sent_at=today)
        leader = await s.log_in()
        assert sorted(
            sorted(alarm["place"] for alarm in each["alarms"]) for each in await leader.incidents()
        ) == [["a", "old"], ["b", "c"]]


async def test_what_people_closed_is_not_joined(street, sender, seen, other_sender, joining) -> None:
    await joining(FLOOD)
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        leader = await s.log_in()
        await leader.done(await leader.the_incident(), "false_alarm")
        await s.send(seen(other_sender, place="P02-S1").now("opened"), node="n2")
        assert sorted(each["state"] for each in await leader.incidents()) == ["detected", "false_alarm"]


async def test_fifty_alarms_at_once_of_two_nodes_and_many_places_make_one_incident(
    street, sender, seen, other_sender, joining, caplog
) -> None:
    await joining(FLOOD)
    async with street() as s:

        async def send(event, node):
            while (answer := await s.post(event, node=node)).status_code == 503:
                pass
            assert answer.status_code == 200, answer.text
            assert not answer.json()["refused"]

        mine = [(seen(sender, place=f"a{n}").now("opened"), "n1") for n in range(25)]
        theirs = [
            (seen(other_sender, place=f"b{n}", event_class="01-01").now("opened"), "n2") for n in range(25)
        ]
        await asyncio.gather(*(send(*one) for pair in zip(mine, theirs, strict=True) for one in pair))
        leader = await s.log_in()
        incident = await leader.the_incident()
        assert incident["alarms_total"] == 50
        assert [line["id"] for line in await leader.log(incident)] == list(range(1, 51))
        assert "collided" not in caplog.text


async def test_reach_is_by_grid_community_or_the_points_that_are_named(url, joining, seen, sender) -> None:
    await joining(
        FLOOD | {"across": "grid"}, FLOOD | {"id": "b"}, FLOOD | {"id": "c", "across": ["P01", "P02"]}
    )
    engine = make_engine(url)
    async with engine.connect() as connection:
        registry = await load_registry(connection)
        assert (await connection.execute(text("SELECT incident_joins FROM site"))).scalar_one()
    await engine.dispose()
    condition = seen(sender).condition("opened", 1)
    reach = vicinities(condition, registry)
    assert [(one.group, sorted(one.points)) for one in reach] == [
        (("flood", "G01"), ["P01"]), (("b", "C1"), ["P01", "P02"]), (("c", "c"), ["P01", "P02"]),
    ]  # fmt: skip
    away = condition.model_copy(update={"point": "P99", "condition_id": uuid7()})
    assert vicinities(away, registry) == []
