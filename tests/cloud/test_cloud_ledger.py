"""What the cloud says of every number that a node gave."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.balance import Entry, balance, minus, size
from devices.ids import uuid7
from devices.losses import MAX_SEQ, joined
from devices.messages import Series
from tests.cloud.sender_for_tests import START, sums

pytestmark = pytest.mark.anyio

numbers = st.frozensets(st.integers(1, 40))


def as_ranges(found: frozenset[int]) -> tuple[tuple[int, int], ...]:
    return joined((n, n) for n in found)


@given(numbers, numbers, numbers, numbers, st.integers(1, 45), st.booleans())
def test_every_number_is_counted_exactly_once(
    committed: frozenset[int],
    refused: frozenset[int],
    evicted: frozenset[int],
    waiting: frozenset[int],
    following: int,
    current: bool,
) -> None:
    waiting = frozenset(n for n in waiting if n < following)
    entry = Entry(
        "n1", UUID(int=1), Series.ALARM, as_ranges(committed), as_ranges(refused), as_ranges(evicted),
        as_ranges(waiting), following,
    )  # fmt: skip
    found = balance(entry, current=current)
    top = max({following - 1, *committed, *refused, *evicted})
    everything = set(range(1, top + 1))
    held = (waiting | set(range(following, top + 1))) & everything if current else set()
    assert found.numbered == top
    assert found.accepted == len(committed)
    assert found.refused == len(refused - committed)
    assert found.evicted == len(evicted - refused - committed)
    assert found.waiting == len(held - evicted - refused - committed)
    missing = everything - committed - refused - evicted - held
    assert {n for first, last in found.missing_ranges for n in range(first, last + 1)} == missing
    assert found.missing == len(missing)


@given(numbers, numbers)
def test_a_difference_of_ranges_is_that_of_their_numbers(left: frozenset[int], right: frozenset[int]) -> None:
    assert minus(as_ranges(left), as_ranges(right)) == as_ranges(left - right)
    assert size(as_ranges(left)) == len(left)


async def ledger_of(street, series="alarm"):
    leader = await street.log_in()
    found = await leader.get("/nodes/n1/ledger")
    keys = sums()
    return [
        {name: line[name] for name in (*keys, "missing_ranges")}
        for line in found["lines"]
        if line["series"] == series
    ], found


async def test_what_waits_at_the_node_is_told_from_what_is_missing(street, sender, seen) -> None:
    async with street() as s:
        events = [seen(sender, place=f"p{n}").now("opened") for n in range(8)]
        await s.send(events[0], events[7])
        ((line,), _) = await ledger_of(s)
        assert (line["missing"], line["missing_ranges"]) == (6, [[2, 7]])
        await s.send(sender.report(START, sender.outbox(Series.ALARM, 8, (3, 4), (6, 7))))
        ((line,), _) = await ledger_of(s)
        assert line == sums(numbered=8, accepted=2, waiting=4, missing=2) | {
            "missing_ranges": [[2, 2], [5, 5]]
        }
        await s.send(*events[1:7])
        ((line,), _) = await ledger_of(s)
        assert line == sums(numbered=8, accepted=8) | {"missing_ranges": []}


async def test_a_report_from_before_does_not_replace_a_later_one(street, sender) -> None:
    async with street() as s:
        late = sender.report(START, sender.outbox(Series.ALARM, 3, (1, 2)))
        await s.send(sender.report(START + timedelta(minutes=1), sender.outbox(Series.ALARM, 9, (5, 8))))
        await s.send(late)
        ((line,), _) = await ledger_of(s)
        assert (line["numbered"], line["waiting"], line["missing_ranges"]) == (8, 4, [[1, 4]])


async def test_a_gap_counts_for_the_numbers_it_names_and_says_why(street, sender, seen) -> None:
    async with street() as s:
        events = [seen(sender, place=f"p{n}").now("opened") for n in range(6)]
        gap = sender.gap(Series.ALARM, (2, 3), (5, 5), first_at=START)
        await s.send(events[0], events[3], events[5], gap)
        ((line,), whole) = await ledger_of(s)
        assert line == sums(numbered=7, accepted=4, evicted=3) | {"missing_ranges": []}
        (told,) = whole["gaps"]
        assert (told["ranges"], told["cause"]) == ([[2, 3], [5, 5]], "quota")


async def test_a_number_that_arrived_stays_accepted_whatever_a_gap_says(street, sender, seen) -> None:
    async with street() as s:
        events = [seen(sender, place=f"p{n}").now("opened") for n in range(3)]
        await s.send(*events[:2], sender.gap(Series.ALARM, (1, 3)))
        await s.send(events[2])
        ((line,), _) = await ledger_of(s)
        assert line == sums(numbered=4, accepted=4) | {"missing_ranges": []}


async def test_a_damaged_store_is_closed_by_a_gap_without_end(street, sender, seen, other_sender) -> None:
    async with street() as s:
        old = sender.epoch
        events = [seen(sender, place=f"p{n}").now("opened") for n in range(4)]
        await s.send(events[0], sender.report(START, sender.outbox(Series.ALARM, 5, (2, 4))))
        sender.epoch = uuid7()
        sender.numbers.clear()
        later = START + timedelta(minutes=5)
        await s.send(sender.report(later, sender.outbox(Series.ALARM, 1)))
        (first, second), _ = await ledger_of(s)
        assert first == sums(numbered=4, accepted=1, missing=3) | {"missing_ranges": [[2, 4]]}
        assert second == sums() | {"missing_ranges": []}
        await s.send(sender.gap(Series.ALARM, (1, MAX_SEQ), epoch=old, cause="store_damaged"))
        (first, second), _ = await ledger_of(s)
        assert first == sums(numbered=4, accepted=1, evicted=3) | {"missing_ranges": []}
        assert second == sums(numbered=1, accepted=1) | {"missing_ranges": []}


async def test_refusals_are_shown_with_their_reasons(street, sender, seen) -> None:
    async with street() as s:
        wrong = seen(sender).now("opened")
        await s.send(wrong.model_copy(update={"data": {**wrong.data, "severity": "dreadful"}}))
        (_, whole) = await ledger_of(s)
        (refused,) = whole["refusals"]
        assert (refused["series"], refused["seq"], refused["code"]) == ("alarm", 1, "invalid")
        assert "severity" in refused["reason"]


async def test_the_clocks_offset_is_told_and_does_not_make_live_alarms_old(street, sender, seen) -> None:
    async with street() as s:
        hour = timedelta(hours=1)
        bike = seen(sender)
        slow = sender.wrap(bike.condition("opened", 1), START - hour)
        await s.send(slow, sent_at=START - hour)
        (_, whole) = await ledger_of(s)
        assert whole["clock_offset_s"] == -3600.0
        leader = await s.log_in()
        assert (await leader.the_incident())["history"] is False


async def test_the_ledger_is_for_people_with_a_role_and_of_nodes_that_are_there(street) -> None:
    async with street() as s:
        assert (await s.http.get("/api/v1/nodes/n1/ledger")).status_code == 401
        leader = await s.log_in()
        assert (await leader.http.get("/api/v1/nodes/n9/ledger")).status_code == 404
        assert (await leader.get("/nodes/n1/ledger"))["lines"] == []


async def test_a_nodes_devices_stand_with_their_last_words(street, sender) -> None:
    async with street() as s:
        leader = await s.log_in()
        before = await leader.get("/nodes/n1/devices")
        assert [(one["id"], one["status"]) for one in before] == [
            ("n1", "unknown"), ("P01-C1", "unknown"), ("P01-S1", "unknown"),
        ]  # fmt: skip
        await s.send(sender.health("P01-C1", "refused", detail="the camera refuses the password"))
        (_, camera, _) = await leader.get("/nodes/n1/devices")
        assert (camera["status"], camera["detail"]) == ("refused", "the camera refuses the password")
