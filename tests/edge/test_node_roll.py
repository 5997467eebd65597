"""Whose the values of a station are, and what of them is judged."""

from __future__ import annotations

from datetime import timedelta

from devices.site.model import Sensor
from devices.site.stations import AirStation, FireStation
from devices.stations import Place, Said, Sample
from edge.node.roll import Roll
from tests.edge.points_for_tests import NAME, NOON, point, threshold

MN = "010000A8900016F000169DC0"
DEVICE = "2c312c320000"
LATER = timedelta(minutes=1)


def air(name: str, kind: str, *rules) -> Sensor:
    station = AirStation(protocol="hj212", mn=MN)
    return Sensor(id=name, name=NAME, kind=kind, station=station, rules=rules, period=60.0)


def fire(name: str, **where) -> Sensor:
    station = FireStation(protocol="gb26875", transmitter=DEVICE, **where)
    return Sensor(id=name, name=NAME, kind="fire_alarm", station=station)


def roll(*sensors: Sensor, protocol="hj212") -> Roll:
    return Roll(protocol, [point(sensors=sensors)])


def measured(quantity: str, value: float = 1.0, taken=NOON, seq: int = 1, **more) -> Sample:
    return Sample(quantity, value, "", taken, "b", seq, **more)


def of(*samples: Sample, station=MN, sent=NOON) -> Said:
    return Said(station, samples, sent)


def owners(kept) -> list[tuple[str, str, float]]:
    return [(one.sensor, one.quantity, one.value) for one in kept]


def test_a_value_goes_to_the_sensor_that_has_a_rule_for_it_else_by_kind_else_to_the_first():
    mine = roll(air("dust", "air"), air("ear", "noise"), air("odd", "climate", threshold(quantity="la")))
    names = ("pm25_hour_max", "laeq", "la", "wind_speed", "hj_x")
    found = mine.sort(of(*(measured(name) for name in names)), NOON)
    assert [one.sensor for one in found.judged] == ["dust", "ear", "odd", "odd", "dust"]
    assert mine.sort(of(measured("pm25"), station="other"), NOON).judged == ()


def test_an_older_value_than_the_newest_is_kept_and_not_judged():
    mine = roll(air("dust", "air"))
    assert mine.sort(of(measured("pm25", taken=NOON)), NOON).late == ()
    back = mine.sort(of(measured("pm25", taken=NOON - 3 * LATER), sent=NOON + LATER), NOON + LATER)
    assert (back.judged, len(back.late)) == ((), 1)
    other = mine.sort(of(measured("pm25_hour", taken=NOON - 60 * LATER), sent=NOON + LATER), NOON + LATER)
    assert len(other.judged) == 1


def test_after_a_clock_was_set_back_values_are_judged_again():
    mine = roll(air("dust", "air"))
    mine.sort(of(measured("pm25", taken=NOON + 5 * LATER), sent=NOON + 5 * LATER), NOON)
    found = mine.sort(of(measured("pm25", taken=NOON + LATER), sent=NOON + LATER), NOON + LATER)
    assert len(found.judged) == 1


def test_a_station_that_tells_no_time_of_sending_is_judged_as_it_comes():
    mine = roll(air("dust", "air"))
    for taken in (NOON, NOON - LATER):
        assert len(mine.sort(of(measured("pm25", taken=taken), sent=None), NOON).judged) == 1


def test_what_was_kept_for_days_keeps_its_time_and_a_wrong_clock_does_not():
    mine = roll(air("dust", "air"))
    days = NOON - timedelta(days=3)
    (kept,) = mine.sort(of(measured("pm25", taken=days)), NOON).judged
    assert (kept.taken_at, kept.quality) == (days, "good")
    (wrong,) = mine.sort(of(measured("pm10", taken=days), sent=days), NOON).judged
    assert (wrong.taken_at, wrong.quality) == (NOON, "clock")
    (ahead,) = mine.sort(of(measured("tsp", taken=NOON + timedelta(days=2))), NOON).judged
    assert ahead.quality == "clock"
    (none,) = mine.sort(of(measured("la", taken=None), sent=None), NOON).judged
    assert (none.taken_at, none.quality) == (NOON, "edge_time")


def test_a_clock_that_is_off_is_told_in_seconds():
    mine = roll(air("dust", "air"))
    found = mine.sort(of(measured("pm25"), sent=NOON + 5 * LATER), NOON)
    assert (found.clock_off, found.clock_right) == (300.0, False)
    assert mine.sort(of(measured("pm25")), NOON).clock_right


def test_what_no_instrument_can_show_and_what_its_mark_calls_bad_is_bad():
    mine = roll(air("dust", "air"))
    said = of(measured("pm25", -5.0), measured("pm10", quality="uncertain"))
    assert [one.quality for one in mine.sort(said, NOON).judged] == ["bad", "uncertain"]


COMPONENT = Place(1, 1, "01000100")
OTHER = Place(1, 1, "ff000000")


def test_a_component_of_the_site_has_a_sensor_of_its_own():
    mine = roll(fire("house"), fire("hall", system=1, component="01000100"), protocol="gb26875")
    said = of(
        measured("fire", 0.0, place=COMPONENT),
        measured("fire", 1.0, place=OTHER),
        measured("fault", 0.0, place=OTHER),
        measured("in_service", 1.0, place=OTHER),
        measured("fault", 0.0, place=Place()),
        station=DEVICE,
    )
    # A detector that is not in the site raises the alarm of the house, and its quiet ends no other's.
    assert owners(mine.sort(said, NOON).judged) == [
        ("hall", "fire", 0.0), ("house", "fire", 1.0), ("house", "fault", 0.0),
    ]  # fmt: skip


def test_a_reset_ends_what_is_latched_in_all_of_its_system_and_in_no_other():
    mine = roll(
        fire("house"),
        fire("hall", component="01000100"),
        fire("pumps", system=11),
        protocol="gb26875",
    )
    found = mine.sort(of(measured("reset", place=Place(1, 1)), station=DEVICE), NOON).judged
    assert {one.sensor for one in found if one.quantity == "fire" and one.value == 0} == {"house", "hall"}
    whole = mine.sort(of(measured("reset", place=Place()), station=DEVICE), NOON).judged
    assert {one.sensor for one in whole if one.quantity == "fire"} == {"house", "hall", "pumps"}
    # Rules that wait for a reset hear of it at each sensor, once its values are back.
    for name in ("house", "hall", "pumps"):
        assert [one.quantity for one in whole if one.sensor == name][-1] == "reset"


def test_a_transmitter_vouches_for_its_detectors_and_an_air_station_for_none_of_its_instruments():
    house = roll(fire("house"), fire("hall", component="01000100"), protocol="gb26875")
    assert house.sort(of(station=DEVICE), NOON).alive == ("house", "hall")
    assert roll(air("dust", "air")).sort(of(), NOON).alive == ()


def test_no_fire_is_late():
    mine = roll(fire("house"), protocol="gb26875")
    mine.sort(of(measured("fire", 0.0, place=Place()), station=DEVICE), NOON)
    old = measured("fire", 1.0, taken=NOON - 5 * LATER, place=Place())
    assert len(mine.sort(of(old, station=DEVICE, sent=NOON + LATER), NOON + LATER).judged) == 1
