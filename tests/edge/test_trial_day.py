"""A day of a street through its rules: what they raise and clear is what happened there, and nothing else."""

from __future__ import annotations

import time

import pytest

from devices.messages import Reading
from edge.trial import Raised, Trial, raised
from simulators.sensors.day import Day, Truth, plan, readings
from simulators.sensors.town import make_site

BEGIN = 1_781_452_800.0
"""2026-06-15, midnight in Shanghai."""
HOUR = 3600.0


def differences(day: Day, found: list[Raised]) -> list[str]:
    """What the rules raised and should not have, and the other way round."""
    left, wrong = list(found), []
    # The mean of a window is known no better than its device reports: it may be early by a period, too.
    early = {
        (sensor.id, rule.id): sensor.period
        for point in day.site.points
        for sensor in point.sensors
        for rule in sensor.rules
        if rule.kind == "window"
    }
    for truth in day.truths:
        mine = [one for one in left if (one.first.device, one.first.rule) == (truth.sensor, truth.rule)]
        if truth.opens is None:
            near = [one for one in mine if truth.begins <= one.first.changed_at.timestamp() <= truth.ends]
            wrong += [f"{truth}: a near miss was raised at {one.first.changed_at}" for one in near]
            continue
        fitting = [one for one in mine if _fits(truth, one, early.get((truth.sensor, truth.rule), 0.0))]
        if len(fitting) != 1:
            told = [(one.first.changed_at.timestamp(), one.cleared) for one in mine]
            wrong.append(f"{truth}: {len(fitting)} conditions fit, of {told}")
        for one in fitting:
            left.remove(one)
    return wrong + [f"nothing happened, but: {one.first.device} {one.first.rule} {one.first}" for one in left]


def _fits(truth: Truth, one: Raised, early: float) -> bool:
    assert truth.opens is not None
    opened = one.first.changed_at.timestamp()
    if not truth.opens[0] - early <= opened <= truth.opens[1]:
        return False
    if truth.clears is None or one.cleared is None:
        return truth.clears is one.cleared is None
    return truth.clears[0] - early <= one.cleared.timestamp() <= truth.clears[1]


def through(site, given) -> tuple[Trial, float]:
    """The rules over these readings, and the CPU seconds they took."""
    trial, began = Trial(site), time.process_time()
    for reading in given:
        trial.hear(reading)
    return trial, time.process_time() - began


def test_two_hours_of_a_street_raise_what_happened_and_nothing_else():
    site = make_site(12)
    day = plan(site, seed=7, begin=BEGIN, seconds=2 * HOUR)
    assert sum(truth.opens is not None for truth in day.truths) >= 8
    assert sum(truth.opens is None for truth in day.truths) >= 5
    trial, _ = through(site, readings(day))
    assert trial.readings > 10_000
    assert not trial.unknown
    assert differences(day, raised(trial.told)) == []


def test_readings_that_come_twice_and_late_ones_change_nothing():
    """Each tenth comes again at once, as a broker redelivers; so the same is raised."""
    site = make_site(4)
    day = plan(site, seed=3, begin=BEGIN, seconds=HOUR)
    once = list(readings(day))
    twice = [each for n, one in enumerate(once) for each in ([one, one] if n % 10 == 0 else [one])]
    calm, redelivered = through(site, once)[0], through(site, twice)[0]

    def told(trial: Trial) -> list[tuple[object, ...]]:
        return [(one.device, one.rule, one.change, one.rev, one.changed_at) for one in trial.told]

    assert told(calm) == told(redelivered)
    assert told(calm)
    assert redelivered.repeated == len(twice) - len(once)


@pytest.mark.long
def test_a_day_of_38_points_is_replayed_in_under_a_minute_and_equals_what_happened(capsys):
    site = make_site(38)
    day = plan(site, seed=1, begin=BEGIN, seconds=24 * HOUR)
    lines = [reading.model_dump_json().encode() for reading in readings(day)]
    began = time.perf_counter()
    trial, cpu = through(site, map(Reading.model_validate_json, lines))
    took = time.perf_counter() - began
    with capsys.disabled():
        meant = sum(truth.opens is not None for truth in day.truths)
        print(
            f"\n{trial.readings:,} readings of {len(site.points)} points in {took:.1f} s, "
            f"{cpu / trial.readings * 1e6:.1f} s of CPU a million; "
            f"{meant} conditions and {len(day.truths) - meant} near misses"
        )
    assert differences(day, raised(trial.told)) == []
    assert took < 60
