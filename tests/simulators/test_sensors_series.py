import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import PayloadError
from devices.sensors.decode import bindings, decode
from devices.sensors.presence import decode_presence
from devices.sensors.quantities import KINDS, QUANTITIES, possible
from devices.sensors.track import Track, follow
from devices.site.load import load_site
from devices.site.model import Names, Point, Position, Sensor, ThresholdRule
from devices.site.sensor_rules import LevelsRule, SensorHealth
from simulators.sensors.device import EXCITED_PERIOD_S, FIRST_REPORT_S, SimulatedSensor
from simulators.sensors.radio import lost, rssi
from simulators.sensors.scenario import Fault, FaultKind, Happening, Scenario, demo
from simulators.sensors.series import series
from simulators.sensors.town import sensor as usual_sensor
from simulators.sensors.weather import HARDEST, rain, standing

ORIGIN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC).timestamp()
NAMES = Names(zh="桥", en="Bridge")
STREET = load_site(Path(__file__).parents[2] / "examples/street/site.yaml")
kinds = st.sampled_from(sorted(KINDS))


def point_with(*sensors, name="P07"):
    return Point(
        id=name, name=NAMES, node="n1", grid="G01", position=Position(lon=121, lat=31), sensors=sensors
    )


def sensor_of(kind, period=10.0, rules=(), name="P07-S1"):
    return Sensor(id=name, name=NAMES, kind=kind, period=period, rules=rules)


def run(device, until, step=0.5):
    """Everything the device publishes, with the second of the scenario."""
    out, t = [], 0.0
    while t <= until:
        out += [(t, publication) for publication in device.emit(t)]
        t += step
    return out


def readings(device, until, step=0.5):
    found = []
    for t, publication in run(device, until, step):
        arrival = datetime.fromtimestamp(ORIGIN + t, UTC)
        found += [
            (t, reading)
            for reading in decode(publication.topic, publication.payload, {"P07-S1": "P07"}, arrival)
        ]
    return found


def device_of(kind, scenario=None, period=10.0, seed=1):
    return SimulatedSensor("P07", sensor_of(kind, period), scenario or Scenario(), seed, ORIGIN)


@given(kind=kinds, seed=st.integers(0, 2**63), t=st.floats(0, 4e9))
def test_every_kind_gives_its_quantities_and_a_battery_within_what_is_possible(kind, seed, t):
    values = series(kind, seed)(t)
    assert set(values) == {*KINDS[kind], "battery"}
    assert all(possible(name, value) for name, value in values.items())


@given(kind=kinds, seed=st.integers(0, 2**63), t=st.floats(0, 4e9))
def test_a_series_is_a_function_of_seed_and_time_alone(kind, seed, t):
    assert series(kind, seed)(t) == series(kind, seed)(t)


def test_two_sensors_of_a_kind_differ():
    assert series("noise", 1)(ORIGIN) != series("noise", 2)(ORIGIN)


def test_noise_and_heat_follow_the_day_of_the_street():
    night, afternoon = ORIGIN + 11 * 3600, ORIGIN + 23 * 3600  # 03:00 and 15:00 in Beijing
    assert series("noise", 1)(afternoon)["laeq"] > series("noise", 1)(night)["laeq"] + 5
    assert series("climate", 1)(afternoon)["temperature"] > series("climate", 1)(night)["temperature"] + 2


def test_neighbouring_moments_are_close_to_each_other():
    for kind, names in KINDS.items():
        at = series(kind, 3, passers=False)
        for name in names:
            steps = [abs(at(ORIGIN + t + 1)[name] - at(ORIGIN + t)[name]) for t in range(600)]
            assert max(steps) <= 0.02 * (QUANTITIES[name].highest - QUANTITIES[name].lowest)


def rules_of(kind):
    """The usual ones, and those of the shipped street."""
    usual = Sensor.model_validate(usual_sensor("P07-S1", kind, "gridwatch"))
    shipped = [sensor for point in STREET.points for sensor in point.sensors if sensor.kind == kind]
    return {rule for sensor in (usual, *shipped) for rule in sensor.rules}


def limits_of(rule):
    return rule.levels if isinstance(rule, LevelsRule) else (rule,)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_undisturbed_sensor_stays_clear_of_the_usual_limits_for_a_year(kind):
    rules = rules_of(kind)
    for seed in range(5):
        at = series(kind, seed, street=seed + 40, passers=False)
        for hour in range(0, 24 * 366, 7):
            values = at(ORIGIN + hour * 3611)
            assert values["battery"] > 25
            for rule in rules:
                assert all(limits.back(values[rule.quantity]) for limits in limits_of(rule)), rule


def test_cars_that_stop_never_stay_for_as_long_as_the_usual_wait():
    shortest = min(rule.hold for rule in rules_of("parking"))
    for seed in range(3):
        at = series("parking", seed)
        there = [at(ORIGIN + second)["field_change"] > 8 for second in range(0, 3 * 86400, 20)]
        stays = [20 * len(list(run)) for occupied, run in itertools.groupby(there) if occupied]
        assert max(stays) < shortest - 60
        assert 20 < len(stays) < 3 * 96


def test_bays_are_busy_in_the_morning_and_empty_at_night():
    at = series("parking", 3)
    night, morning = (
        sum(at(day + second)["field_change"] > 8 for second in range(0, 3600, 30))
        for day in (ORIGIN + 10 * 3600, ORIGIN + 16 * 3600)  # from 02:00 and 08:00 in Beijing
    )
    assert night == 0
    assert morning > 10


@given(street=st.integers(0, 2**63), seeds=st.tuples(st.integers(0, 2**63), st.integers(0, 2**63)))
@settings(max_examples=10)
def test_neighbouring_gauges_rise_with_the_same_rain(street, seeds):
    gauges = [series("water_level", seed, street) for seed in seeds]
    for hour in range(0, 24 * 60, 3):
        t = ORIGIN + hour * 3600
        levels = [gauge(t)["water_level"] for gauge in gauges]
        wet = standing(street, t)
        assert all(0.5 * wet - 0.01 <= level <= wet + 0.51 for level in levels)


def test_it_rains_more_in_summer_and_what_stands_runs_off():
    hours = range(24 * 61)
    july, january = (
        sum(rain(9, datetime(2026, month, 1, tzinfo=UTC).timestamp() + 3600 * hour) > 0 for hour in hours)
        for month in (7, 1)
    )
    assert july > 1.5 * january > 0
    for street in range(30):
        t = ORIGIN + street * 86400
        assert 0 <= rain(street, t) <= HARDEST
        if not any(rain(street, t - back * 600) for back in range(25)):
            assert standing(street, t) < 0.1


def test_dust_is_thicker_in_winter_and_in_the_rush_hour():
    at = series("air", 5, street=2)

    def mean(first, hours):
        days = [first + day * 86400 for day in range(60)]
        return sum(at(day + hour * 3600)["pm25"] for day in days for hour in hours) / 60 / len(hours)

    winter, summer = (datetime(2026, month, 1, tzinfo=UTC).timestamp() for month in (12, 7))
    assert mean(winter, range(24)) > 1.5 * mean(summer, range(24))
    assert mean(winter, [0, 10]) > mean(winter, [4, 18]) + 4  # 08:00 and 18:00 against noon and 02:00


def test_a_bin_fills_through_the_day_and_is_emptied_every_morning():
    at = series("bin", 8)
    for day in range(1, 200, 13):
        begin = ORIGIN + day * 86400 - 8 * 3600  # 08:00 in Beijing
        morning, evening, next_day = (at(begin + hour * 3600)["fill"] for hour in (0, 15, 24))
        assert evening > morning + 10
        assert next_day < evening - 10


def test_a_battery_empties_over_months_and_is_then_a_new_one():
    at = series("door", 4)
    by_day = [at(ORIGIN + day * 86400)["battery"] for day in range(1700)]
    rises = sum(later > before + 20 for before, later in itertools.pairwise(by_day))
    assert 1 <= rises <= 4
    assert max(by_day) > 95
    assert 25 < min(by_day) < 40


@given(seed=st.integers(0, 2**63), t=st.floats(0, 4e9))
def test_the_signal_stays_clear_of_poor_and_no_two_uplinks_in_a_row_are_lost(seed, t):
    assert SensorHealth().signal_clear < rssi(seed, t) < -60
    missing = [lost(seed, number) for number in range(400)]
    assert not any(before and after for before, after in itertools.pairwise(missing))


def test_some_uplinks_are_lost():
    assert 10 < sum(lost(7, number) for number in range(4000)) < 100


def test_the_shipped_street_has_only_sensors_and_rules_that_can_be_simulated_and_decoded():
    for point in STREET.points:
        for sensor in point.sensors:
            assert {rule.quantity for rule in sensor.rules} <= {*KINDS[sensor.kind], "battery"}


def test_the_same_seed_publishes_the_same_bytes_and_another_start_another_boot():
    scenario = demo(STREET.points, 4)
    one, two = (run(device_of("air", scenario), 60) for _ in range(2))
    assert one == two
    later = SimulatedSensor("P07", sensor_of("air"), scenario, 1, ORIGIN + 1)
    assert later.boot != device_of("air").boot


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_published_decodes_into_good_readings_at_the_period(kind):
    found = readings(device_of(kind), 100)
    assert {reading.quality for _, reading in found} == {"good"}
    assert {reading.quantity for _, reading in found} == {*KINDS[kind], "battery"}
    times = sorted({t for t, _ in found})
    assert times[0] <= FIRST_REPORT_S + 0.5
    assert all(9 <= later - earlier <= 11 for earlier, later in itertools.pairwise(times))
    assert [reading.seq for _, reading in found if reading.quantity == "battery"] == list(range(len(times)))
    assert all(-120 < reading.signal < -50 for _, reading in found)


def test_rising_water_goes_up_stays_and_falls_and_is_reported_more_often():
    rain = Happening("P07-S1", "water_level", start=40, rise=6, hold=60, fall=6, level=30)
    found = [
        (t, r.value)
        for t, r in readings(device_of("water_level", Scenario((rain,)), period=30), 160)
        if r.quantity == "water_level"
    ]
    assert all(value < 3 for t, value in found if t < 40 or t > 113)
    assert all(value == 30 for t, value in found if 46.5 < t < 105.5)
    during = [t for t, _ in found if 40 <= t <= 112]
    assert len(during) >= 72 / (EXCITED_PERIOD_S + 1)
    assert any(3 < value < 30 for t, value in found if 40 < t < 47)


def test_a_press_is_an_event_at_once_and_so_is_its_end():
    press = Happening("P07-S1", "pressed", start=20, hold=4, level=1)
    out = run(device_of("sos", Scenario((press,)), period=3600), 60, step=0.25)
    events = [(t, json.loads(p.payload)["m"][0]["v"]) for t, p in out if p.topic.endswith("/event")]
    assert events == [(20, 1), (24, 0)]


def faulty(kind, fault, until=60, period=2.0, **options):
    return run(device_of(kind, Scenario(faults=(Fault("P07-S1", fault, **options),)), period=period), until)


def test_a_silent_device_measures_nothing_and_says_so_nowhere():
    assert faulty("manhole", FaultKind.SILENT) == []


def test_a_stuck_device_repeats_its_values_with_new_numbers():
    messages = [json.loads(p.payload) for _, p in faulty("noise", FaultKind.STUCK)]
    assert len({json.dumps(message["m"]) for message in messages}) == 1
    assert [message["seq"] for message in messages] == list(range(len(messages)))


def test_garbage_is_refused_by_the_decoder_every_time():
    for _, publication in faulty("noise", FaultKind.GARBAGE):
        with pytest.raises(PayloadError):
            decode(publication.topic, publication.payload, {"P07-S1": "P07"}, datetime.now(UTC))


def test_a_wrong_unit_is_refused_by_the_decoder():
    for _, publication in faulty("noise", FaultKind.WRONG_UNIT):
        with pytest.raises(PayloadError, match="psi"):
            decode(publication.topic, publication.payload, {"P07-S1": "P07"}, datetime.now(UTC))


def test_a_clock_from_the_year_2000_is_not_believed():
    device = device_of("noise", Scenario(faults=(Fault("P07-S1", FaultKind.CLOCK_OFF, start=30),)))
    for t, reading in readings(device, 60):
        assert reading.quality == ("clock" if t >= 30 else "good")
        assert abs(reading.taken_at.timestamp() - (ORIGIN + t)) < 0.01


def test_duplicates_and_a_reboot_are_seen_by_the_tracker():
    faults = (Fault("P07-S1", FaultKind.DUPLICATE, 20, 20), Fault("P07-S1", FaultKind.REBOOT, 50))
    device = device_of("noise", Scenario(faults=faults), period=2)
    track = Track()
    for _, reading in readings(device, 80):
        if reading.quantity == "laeq":
            track, _ = follow(track, reading.boot, reading.seq)
    assert track.duplicates >= 8
    assert (track.reboots, track.lost) == (1, 0)


def test_a_flood_comes_a_hundred_times_as_often():
    calm = len(faulty("noise", FaultKind.FLOOD, start=1e9, until=40, period=20))
    device = device_of("noise", Scenario(faults=(Fault("P07-S1", FaultKind.FLOOD),)), period=20)
    assert len(run(device, 40, step=0.05)) > 60 * calm


def test_birth_state_and_will_are_retained_and_the_will_belongs_to_its_connection():
    device = device_of("air")
    will = device.will()
    birth, state = device.connected()
    assert all(message.retain for message in (will, birth, state))
    said = [decode_presence(message.topic, message.payload, {"P07-S1": "P07"}) for message in (state, will)]
    assert [(each.online, each.connection, each.boot) for each in said] == [
        (True, 1, device.boot),
        (False, 1, device.boot),
    ]
    assert [each["n"] for each in json.loads(birth.payload)["quantities"]] == ["pm25", "pm10", "battery"]
    device.will()
    assert json.loads(device.connected()[1].payload)["bd"] == 2


def test_the_demo_lets_water_rise_past_its_rule_soon_and_spares_the_point_of_the_bicycle():
    for seed in range(5):
        scenario = demo(STREET.points, seed)
        sensors = {sensor.id: sensor for point in STREET.points for sensor in point.sensors}
        water = scenario.happenings[0]
        rule = next(rule for rule in sensors[water.sensor].rules if rule.quantity == "water_level")
        assert 30 <= water.start + water.rise <= 45
        assert water.level > rule.above
        assert water.hold >= max(60, rule.hold + 10)
        assert len(scenario.happenings) >= 6
        for happening in scenario.happenings:
            assert not happening.sensor.startswith("P01-")
            assert any(happening.level > rule.above for rule in sensors[happening.sensor].rules)
            assert possible(happening.quantity, happening.level)


def test_a_happening_without_a_rule_has_a_level_of_its_own():
    calm = point_with(sensor_of("smoke"))
    rule = ThresholdRule(
        kind="threshold",
        id="smoke",
        event_class="04-99",
        quantity="smoke_obscuration",
        above=0.4,
        clear=0.2,
        hold=100,
    )
    strict = point_with(sensor_of("smoke", rules=(rule,)))
    assert demo([calm], 1).happenings[0].level == 0.6
    happening = demo([strict], 1).happenings[0]
    assert (happening.level, happening.hold) == (0.5, 130)
    assert bindings([calm]) == {"P07-S1": "P07"}
