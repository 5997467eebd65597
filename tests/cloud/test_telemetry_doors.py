"""Telemetry through the API: in by the nodes' door, out by the charts'."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from cloud.areas.limits import limits_of
from cloud.telemetry.store import FakeStore
from cloud.telemetry.unpack import moment, unpack
from devices.messages import Reading, Sample, Telemetry
from devices.site.model import Names, Sensor
from tests.cloud.sender_for_tests import START, sums

pytestmark = pytest.mark.anyio
READING: dict[str, Any] = {
    "point": "P01", "sensor": "P01-S1", "quantity": "smoke_obscuration", "value": 0.5, "unit": "dB/m",
    "taken_at": START, "received_at": START, "boot": "b1", "seq": 1,
}  # fmt: skip


def a_reading(**more: Any) -> Reading:
    return Reading(**READING | more)


def a_sample(**more: Any) -> Sample:
    values = {
        "device": "P01-C1",
        "point": "P01",
        "quantity": "fps",
        "value": 25.0,
        "unit": "Hz",
        "taken_at": START,
    }
    return Sample(**values | more)


def batch(*readings: Reading, samples: tuple[Sample, ...] = ()) -> Telemetry:
    return Telemetry(node="n1", readings=readings, samples=samples)


async def test_what_was_sent_is_listed_by_point_and_by_node_with_its_last_value(street, sender) -> None:
    async with street() as s:
        samples = (
            a_sample(),
            a_sample(zone="P01-C1-Z1", quantity="things", value=3, unit=""),
            a_sample(device="n1", point=None, quantity="cpu", value=0.5, unit="core"),
        )
        readings = (
            a_reading(),
            a_reading(seq=2, value=0.7, taken_at=START + timedelta(seconds=5), battery=80.0),
        )
        await s.send(sender.wrap(batch(*readings, samples=samples)))
        leader = await s.log_in()
        found = await leader.get("/telemetry/series", point="P01")
        assert [(one["device"], one["zone"], one["quantity"], one["last_value"]) for one in found] == [
            ("P01-C1", None, "fps", 25.0),
            ("P01-C1", "P01-C1-Z1", "things", 3.0),
            ("P01-S1", None, "battery", 80.0),
            ("P01-S1", None, "smoke_obscuration", 0.7),
        ]
        (own,) = await leader.get("/telemetry/series", node="n1")
        assert (own["device"], own["point"], own["quantity"], own["unit"]) == ("n1", None, "cpu", "core")


async def test_a_series_is_answered_down_sampled_and_as_csv(street, sender) -> None:
    async with street() as s:
        readings = [
            a_reading(seq=n, value=float(n), taken_at=START + timedelta(seconds=15 * n)) for n in range(8)
        ]
        await s.send(sender.wrap(batch(*readings)))
        s.clock.forward(minutes=2)
        leader = await s.log_in()
        query = {"device": "P01-S1", "quantity": "smoke_obscuration", "step": 60}
        found = await leader.get("/telemetry", **query)
        assert (found["low"], found["mean"], found["high"], found["last"]) == (
            [0, 4],
            [1.5, 5.5],
            [3, 7],
            [3, 7],
        )
        assert (found["count"], found["unit"], found["at"][0]) == ([4, 4], "dB/m", "2026-11-22T04:00:00Z")
        answer = await leader.http.get("/api/v1/telemetry/csv", params=query)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.text.splitlines()[:2] == [
            "at,count,low,mean,high,last",
            "2026-11-22 04:00:00+00:00,4,0.0,1.5,3.0,3.0",
        ]


async def test_the_cloud_adds_how_far_a_nodes_clock_is_ahead_to_what_the_node_tells_of_itself(
    street, sender
) -> None:
    async with street() as s:
        ahead = s.clock.at + timedelta(seconds=90)
        own = a_sample(device="n1", point=None, quantity="cpu", unit="core")
        await s.send(sender.wrap(batch(samples=(a_sample(),))), sent_at=ahead)
        await s.send(sender.wrap(batch(samples=(own,))), sent_at=ahead)
        leader = await s.log_in()
        found = {
            one["quantity"]: one["last_value"] for one in await leader.get("/telemetry/series", node="n1")
        }
        assert found == {"cpu": 25.0, "clock_offset": 90.0}
        assert [one["quantity"] for one in await leader.get("/telemetry/series", point="P01")] == ["fps"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"device": "P01-S1", "quantity": "nothing"}, 404, "not_found"),
        ({"step": 7}, 422, "invalid"),
        ({"from": "2026-11-22T05:00:00Z", "to": "2026-11-22T04:00:00Z"}, 422, "invalid"),
        ({"from": "2026-10-01T00:00:00Z", "to": "2026-11-22T04:00:00Z", "step": 10}, 422, "invalid"),
        ({"from": "2026-10-01T00:00:00"}, 422, "invalid"),
    ],
)
async def test_questions_without_an_answer_are_refused(street, sender, query, status, code) -> None:
    async with street() as s:
        await s.send(sender.wrap(batch(a_reading())))
        leader = await s.log_in()
        asked = {"device": "P01-S1", "quantity": "smoke_obscuration"} | query
        answer = await leader.http.get("/api/v1/telemetry", params=asked)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nobody_reads_telemetry_without_a_session(street) -> None:
    async with street() as s:
        for path in ("/telemetry/series?point=P01", "/telemetry?device=P01-S1&quantity=fps"):
            assert (await s.http.get(f"/api/v1{path}")).status_code == 401


async def test_a_store_that_is_away_leaves_telemetry_at_the_node_and_nothing_else(
    street, sender, seen, caplog
) -> None:
    caplog.set_level(logging.INFO, logger="cloud.telemetry")
    async with street() as s:
        store = s.app.state.context.telemetry.store = FakeStore()
        store.away = True
        event = sender.wrap(batch(a_reading()))
        for _ in range(2):
            answer = await s.post(event)
            assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
            assert answer.headers["Retry-After"] == "5"
        mixed = await s.send(event, seen(sender).now("opened"))
        assert [line["series"] for line in mixed["committed"]] == ["alarm"]
        leader = await s.log_in()
        (node, _) = await leader.get("/nodes")
        assert node["ledger"].get("telemetry", sums()) == sums()
        store.away = False
        assert (await s.send(event))["committed"][0]["series"] == "telemetry"
        told = [record.message for record in caplog.records if record.name == "cloud.telemetry.keeper"]
        assert told == [
            "telemetry waits at the nodes: the fake is away",
            "the store of telemetry answers again",
        ]


async def test_a_point_that_the_store_refuses_is_refused_by_its_number_and_the_rest_is_kept(
    street, sender
) -> None:
    async with street() as s:
        store = s.app.state.context.telemetry.store = FakeStore()
        store.unfit = {"odd": "is of another type"}
        first = sender.wrap(batch(a_reading()))
        second = sender.wrap(batch(a_reading(seq=2), a_reading(quantity="odd"), a_reading(seq=3)))
        third = sender.wrap(batch(a_reading(seq=4), a_reading(seq=5, unit="a\\")))
        answer = await s.send(first, second, third)
        assert [one["ranges"] for one in answer["committed"]] == [[[1, 1]]]
        rest = "values cannot be kept, the rest was:"
        assert [(one["seq"], one["code"], one["reason"]) for one in answer["refused"]] == [
            (2, "store_refused", f"1 of 3 {rest} P01-S1 odd is of another type"),
            (
                3,
                "store_refused",
                f"1 of 2 {rest} P01-S1: its unit holds a backslash or what cannot be printed",
            ),
        ]
        assert len(store.kept) == 4
        leader = await s.log_in()
        (node, _) = await leader.get("/nodes")
        assert node["ledger"]["telemetry"] == sums(numbered=3, accepted=1, refused=2)


async def test_telemetry_of_another_nodes_devices_never_reaches_the_store(street, sender) -> None:
    async with street() as s:
        store = s.app.state.context.telemetry.store = FakeStore()
        for sample in (
            a_sample(device="P02-C1"),
            a_sample(point="P02"),
            a_sample(zone="P02-C1-Z1"),
            a_sample(device="n2", point=None),
        ):
            answer = await s.send(sender.wrap(batch(samples=(sample,))))
            assert [one["code"] for one in answer["refused"]] == ["forbidden"]
        assert (store.kept, store.writes) == ({}, 0)


async def test_late_telemetry_never_takes_the_place_of_the_latest_value(street, sender) -> None:
    async with street() as s:
        await s.send(sender.wrap(batch(a_reading(value=2.0))))
        await s.send(sender.wrap(batch(a_reading(seq=9, value=1.0, taken_at=START - timedelta(days=3)))))
        leader = await s.log_in()
        (found,) = await leader.get("/telemetry/series", point="P01")
        assert (found["last_value"], found["last_at"]) == (2.0, "2026-11-22T04:00:00.000817Z")
        query = {"from": (START - timedelta(days=4)).isoformat(), "step": 3600}
        shown = await leader.get("/telemetry", device="P01-S1", quantity="smoke_obscuration", **query)
        assert shown["last"] == [1.0, 2.0]


async def test_the_limits_of_a_sensors_rules_come_with_its_series(street, sender) -> None:
    rule = {
        "kind": "threshold", "id": "deep", "event_class": "01-01", "quantity": "water_level", "unit": "m",
        "above": 0.3, "clear": 0.2, "severity": "high",
    }  # fmt: skip
    sensor = Sensor.model_validate(
        {"id": "W1", "name": Names(zh="水", en="Water"), "kind": "water_level", "rules": [rule]}
    )
    limits = limits_of(sensor)
    assert limits == [{"quantity": "water_level", "value": 30.0, "side": "above", "severity": "high"}]
    async with street() as s:
        await s.send(sender.wrap(batch(a_reading(), a_reading(quantity="water_level", unit="cm"))))
        async with s.app.state.context.engine.begin() as connection:
            statement = text("UPDATE device SET limits = CAST(:limits AS jsonb) WHERE id = 'P01-S1'")
            await connection.execute(statement, {"limits": str(limits).replace("'", '"')})
        leader = await s.log_in()
        found = {one["quantity"]: one["limits"] for one in await leader.get("/telemetry/series", point="P01")}
        assert found == {
            "smoke_obscuration": [],
            "water_level": [{"value": 30.0, "side": "above", "severity": "high"}],
        }


def test_two_readings_of_one_millisecond_keep_apart_and_one_that_comes_again_is_the_same() -> None:
    several = [a_reading(seq=seq) for seq in range(1000)]
    assert len({moment(one) for one in several}) == 1000
    assert all(abs(moment(one) - START) < timedelta(milliseconds=1) for one in several)
    assert moment(a_reading(seq=7)) == moment(a_reading(seq=7, value=3.0))
    assert moment(a_reading(boot="b2")) != moment(a_reading())


def test_battery_and_signal_are_traces_of_their_own_once_a_moment() -> None:
    two = (a_reading(battery=70.0, signal=-80.0), a_reading(seq=2, quantity="temperature", battery=70.0))
    found = [(one.trace.quantity, one.trace.unit, one.value) for one in unpack(batch(*two))]  # type: ignore[union-attr]
    assert found == [
        ("smoke_obscuration", "dB/m", 0.5),
        ("battery", "%EL", 70.0),
        ("signal", "dBm", -80.0),
        ("temperature", "dB/m", 0.5),
    ]


def test_a_battery_that_is_a_reading_itself_is_one_trace_not_two() -> None:
    two = (
        a_reading(battery=70.0),
        a_reading(seq=2, quantity="battery", unit="%EL", value=70.0, battery=70.0),
    )
    found = [(one.trace.quantity, one.trace.unit) for one in unpack(batch(*two))]  # type: ignore[union-attr]
    assert found == [("smoke_obscuration", "dB/m"), ("battery", "%EL")]


def test_a_self_test_is_kept_and_not_sound() -> None:
    kinds = ("good", "edge_time", "clock", "uncertain", "bad")
    found = [one.sound for kind in kinds for one in unpack(batch(a_reading(quality=kind)))]  # type: ignore[union-attr]
    assert found == [True, True, True, False, False]


@pytest.mark.parametrize("word", ["a\\", "a\nb", "\x00", "x" * 65, "a\u2028b"])
def test_words_that_no_store_can_carry_are_refused(word) -> None:
    assert [type(one) for one in unpack(batch(a_reading(quantity=word)))] == [str]
    assert [type(one) for one in unpack(batch(a_reading(unit=word)))] == [str]
