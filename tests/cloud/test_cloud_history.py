"""What comes late calls nobody; photos that come late, or never; readings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from cloud.ingest.lateness import Ages, sent_at
from devices.messages import HISTORY_AFTER_S, Series
from tests.cloud.sender_for_tests import START, sums

pytestmark = pytest.mark.anyio

LATE = timedelta(seconds=HISTORY_AFTER_S + 1)


@pytest.mark.parametrize("header", [None, "", "soon", "2026-11-22T04:00:00"])
def test_a_time_that_cannot_be_read_is_none(header) -> None:
    assert sent_at(header) is None


def test_ages_are_taken_on_one_clock() -> None:
    fast = Ages(START, START + timedelta(hours=8))
    assert fast.clock_offset_s == 8 * 3600
    assert not fast.is_history(START + timedelta(hours=8) - timedelta(seconds=HISTORY_AFTER_S))
    assert fast.is_history(START + timedelta(hours=8) - LATE)
    assert Ages(START, None).is_history(START - LATE)


async def test_an_alarm_that_comes_late_is_shown_as_history(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"), sent_at=START + LATE)
        leader = await s.log_in()
        assert (await leader.the_incident())["history"] is True


async def test_a_live_word_of_a_case_from_the_outage_makes_it_live(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"), sent_at=START + LATE)
        bike.at = START + LATE
        live = sender.wrap(bike.condition("updated", 2), START + LATE)
        await s.send(live, sent_at=START + LATE)
        leader = await s.log_in()
        assert (await leader.the_incident())["history"] is False
        await s.send(sender.wrap(bike.condition("opened", 1), START), sent_at=START + LATE)
        assert (await leader.the_incident())["history"] is False


async def test_an_incident_shows_before_its_photos_and_the_stream_tells_when_they_come(
    street, sender, seen, store_photo
) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        leader = await s.log_in()
        before = await leader.the_incident()
        assert (before["evidence"], before["evidence_due"], before["evidence_lost"]) == ([], True, [])
        sha256 = await store_photo(s)
        engine = s.app.state.context.engine
        count = text("SELECT count(*) FROM outbox WHERE kind = 'incident'")
        async with engine.connect() as connection:
            told = await connection.scalar(count)
        await s.send(sender.photo(bike.id, sha256))
        async with engine.connect() as connection:
            assert await connection.scalar(count) == told + 1
        after = await leader.the_incident()
        assert (len(after["evidence"]), after["evidence_due"]) == (1, False)


async def test_photos_that_the_node_gave_up_are_not_waited_for(street, sender, seen) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        lost = ({"condition_id": str(bike.id), "kind": "present"},)
        sender.numbers[Series.EVIDENCE] = iter([2])
        await s.send(sender.gap(Series.EVIDENCE, (1, 1), evidence=lost))
        leader = await s.log_in()
        shown = await leader.the_incident()
        assert (shown["evidence_due"], shown["evidence_lost"]) == (False, ["present"])


async def test_photos_are_waited_for_only_so_long(street, sender, seen) -> None:
    async with street() as s:
        await s.send(seen(sender).now("opened"))
        s.clock.forward(hours=2)
        leader = await s.log_in()
        assert (await leader.the_incident())["evidence_due"] is False


async def readings(s) -> list[float]:
    async with s.app.state.context.engine.connect() as connection:
        rows = await connection.execute(text("SELECT value, at FROM sample ORDER BY at"))
        return sorted(row.value for row in rows)


async def test_readings_are_kept_once_however_often_they_come(street, sender) -> None:
    async with street() as s:
        first = sender.readings(1, 2)
        answer = await s.send(first)
        assert answer["committed"] == [
            {"series": "telemetry", "epoch": str(sender.epoch), "ranges": [[1, 1]]}
        ]
        assert (await s.send(first))["duplicates"] == 1
        await s.send(sender.readings(2, 3), sender.readings(1, boot="b2"))
        assert await readings(s) == [0.1, 0.1, 0.2, 0.3]
        leader = await s.log_in()
        (node, _) = await leader.get("/nodes")
        assert node["ledger"]["telemetry"] == sums(numbered=3, accepted=3, duplicate=1)


async def test_readings_of_another_nodes_sensor_are_refused(street, sender) -> None:
    async with street() as s:
        answer = await s.send(sender.readings(1, sensor="P02-S1"))
        assert [one["code"] for one in answer["refused"]] == ["forbidden"]
        assert await readings(s) == []


async def test_nothing_is_acknowledged_that_was_not_committed(street, sender, seen) -> None:
    async with street() as s:
        engine = s.app.state.context.engine
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE sample RENAME TO elsewhere"))
        with pytest.raises(ProgrammingError):
            await s.post(sender.readings(1))
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE elsewhere RENAME TO sample"))
        sender.numbers.clear()
        again = await s.send(sender.readings(1))
        assert (again["duplicates"], again["committed"][0]["ranges"]) == (0, [[1, 1]])


async def test_evidence_lost_of_another_nodes_case_is_refused(street, sender, seen, other_sender) -> None:
    async with street() as s:
        bike = seen(sender)
        await s.send(bike.now("opened"))
        lost = ({"condition_id": str(bike.id), "kind": "present"},)
        answer = await s.send(other_sender.gap(Series.EVIDENCE, (5, 5), evidence=lost), node="n2")
        assert [one["code"] for one in answer["refused"]] == ["forbidden"]
