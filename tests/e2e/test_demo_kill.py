"""`kill -9` of any single process at a moment with an open incident: nothing is doubled, nothing lost.

Each process is killed just after a bicycle was left somewhere else, so that a new incident falls into the
outage; those are looked for at the end, together. The short form kills those on which most depends; the long
form kills each five times over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from tests.e2e.demo_process import BIKES, PARTS, DemoProcess, Incident
from tests.e2e.processes import until

pytestmark = pytest.mark.timeout(900)

STANDING = "P09"
"""Where a bicycle stands all the time; its node is the one that is killed."""
ELSEWHERE = {"broker": "P14", "cloud": "P22", "postgres": "P26", "street": "P33", "edge-n1": "P07"}
"""Where one is left just before each kill."""
SHORT = ("postgres", "edge-n1")


@dataclass(frozen=True)
class Kills:
    """What was open before the first kill, and what is once everything is back."""

    before: Incident
    after: dict[str, Incident]
    """By point."""


def conditions(incident: Incident) -> set[str]:
    return {alarm["condition_id"] for alarm in incident["alarms"]}


def back(demo: DemoProcess, name: str) -> None:
    """Wait until what depends on a part works again, all 38 cameras with it."""
    demo.cameras_up(within=120)
    until(lambda: not demo.missing(), 60, f"no number is missing after {name} was killed: {demo.missing()}")


def all_once(demo: DemoProcess) -> None:
    places = Counter((one["place"], one["event_class"]["code"]) for one in demo.incidents())
    assert [place for place, count in places.items() if count > 1] == []


def kill_each(demo: DemoProcess, names: Sequence[str]) -> Kills:
    demo.cameras_up(within=180)
    demo.order(f"put {STANDING}-C1")
    before = demo.incident_at(STANDING, within=180)
    for name in names:
        demo.order(f"put {ELSEWHERE[name]}-C1")
        demo.kill(name)
        back(demo, name)
        still = demo.incident_at(STANDING, within=180)
        assert (still["id"], conditions(still)) == (before["id"], conditions(before)), name
        all_once(demo)
    points = [STANDING, *(ELSEWHERE[name] for name in names)]
    return Kills(before, {point: demo.incident_at(point, within=180) for point in points})


def clear_away(demo: DemoProcess) -> None:
    for point in [STANDING, *ELSEWHERE.values()]:
        demo.order(f"take {point}-C1")


@pytest.fixture(scope="module")
def kills(demo_of_the_session: DemoProcess) -> Iterator[Kills]:
    demo = demo_of_the_session
    if not demo.runs:
        demo.start()
    yield kill_each(demo, SHORT)
    if demo.runs:
        clear_away(demo)


@pytest.mark.parametrize("name", SHORT)
def test_what_happens_while_a_process_is_killed_stands_on_the_wall_once(name: str, kills: Kills) -> None:
    found = kills.after[ELSEWHERE[name]]
    assert found["event_class"]["code"] == BIKES
    assert found["condition"]["state"] == "open"
    assert len(found["alarms"]) == 1, "one condition, however often it was sent"


def test_an_incident_that_stands_meanwhile_stays_the_same(kills: Kills) -> None:
    after = kills.after[STANDING]
    assert after["id"] == kills.before["id"]
    assert after["opened_at"] == kills.before["opened_at"]
    assert conditions(after) == conditions(kills.before)


def test_every_alarm_that_a_node_numbered_is_accounted_for(kills: Kills, demo: DemoProcess) -> None:
    until(lambda: not demo.missing(), 30, "no number is missing")
    ledgers = {node["id"]: node["ledger"] for node in demo.get("/nodes")}
    assert set(ledgers) == {"n1", "n2", "n3", "n4"}
    assert sum(ledger["alarm"]["accepted"] for ledger in ledgers.values()) >= len(kills.after)
    assert {ledger["alarm"]["refused"] for ledger in ledgers.values()} == {0}


def test_what_was_killed_says_so_in_one_line_and_nothing_else_ended(kills: Kills, demo: DemoProcess) -> None:
    said = Counter(re.findall(r"^(\S+) ended \(", demo.process.text, re.MULTILINE))
    ours = Counter(name for name in SHORT if name != "postgres")
    others = "\n\n".join(f"{name}.log ends with\n{demo.log(name)[-8000:]}" for name in said - ours)
    assert said == ours, f"{demo.process.text}\n{others}"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_each_process_can_be_killed_five_times_over(demo: DemoProcess) -> None:
    for _ in range(5):
        clear_away(demo)
        until(
            lambda: not {STANDING, *ELSEWHERE.values()} & {
                one["point"]["id"] for one in demo.incidents() if one["condition"]["state"] == "open"
            },
            120, "the bicycles are seen gone",
        )  # fmt: skip
        kill_each(demo, PARTS)
    assert not demo.missing()
