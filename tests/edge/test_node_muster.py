"""How the broker's sensors stand on the device list: by their own word, by their last will, by silence."""

from __future__ import annotations

import pytest

from devices.messages import DeviceStatus
from devices.sensors.presence import Presence
from devices.site.sensor_rules import SensorHealth, SensorHealthKind
from edge.node.muster import Muster
from tests.edge.points_for_tests import sensor

UP, STALLED, UNREACHABLE = DeviceStatus.UP, DeviceStatus.STALLED, DeviceStatus.UNREACHABLE


class Street:
    """One sensor that reports each 10 s, and what is told of it."""

    def __init__(self, **more) -> None:
        self.now = 0.0
        self.told: list[tuple[DeviceStatus, str]] = []
        self.muster = Muster(lambda _, *said: self.told.append(said), self.now)
        self.muster.restock([sensor("S1", period=10.0, **more)])

    def present(self, online: bool, connection: int = 1) -> None:
        self.muster.present(Presence("P01", "S1", online, "b1", connection))

    def speak(self) -> None:
        self.muster.spoke({"S1"})

    def passes(self, seconds: float, *, listening: bool = True) -> None:
        for _ in range(int(seconds)):
            self.now += 1.0
            self.muster.look(lambda _: listening, self.now)


@pytest.fixture
def street() -> Street:
    return Street()


def test_online_silent_speaking_again_and_gone_are_each_told_once_and_with_the_reason(street):
    street.present(online=True)
    street.speak()
    street.passes(20)
    street.speak()
    street.passes(24)
    assert street.told == [(UP, "online")]
    street.passes(40)
    street.speak()
    street.present(online=False)
    street.speak()
    assert street.told == [
        (UP, "online"),
        (STALLED, "online, but it measures nothing"),
        (UP, "online"),
        (UNREACHABLE, "left the broker or lost its power"),
    ]


def test_a_device_without_a_word_for_being_there_is_there_while_its_readings_come():
    street = Street(decoder="tasmota")
    street.speak()
    street.passes(30)
    street.speak()
    assert street.told == [
        (UP, "its readings come"),
        (UNREACHABLE, "its readings have stopped"),
        (UP, "its readings come"),
    ]


def test_of_a_device_that_was_never_heard_nothing_is_told_until_it_should_have_been(street):
    street.passes(24)
    assert street.told == []
    assert street.muster.unheard("S1")
    street.passes(1)
    assert street.told == [(UNREACHABLE, "nothing was heard of it yet")]
    street.present(online=True)
    assert not street.muster.unheard("S1")


def test_nobody_is_silent_while_the_broker_is_away_or_the_machine_slept(street):
    street.present(online=True)
    street.passes(500, listening=False)
    street.now += 3600.0
    street.muster.look(lambda _: True, street.now)
    street.passes(24)
    assert street.told == [(UP, "online")]


def test_a_last_will_that_comes_late_cannot_end_a_newer_connection(street):
    street.present(online=True, connection=2)
    street.present(online=False, connection=1)
    assert street.told == [(UP, "online")]


def test_a_sensor_that_need_not_report_is_never_silent():
    street = Street(health=SensorHealth(off=(SensorHealthKind.SILENT,)))
    street.present(online=True)
    street.passes(1000)
    assert street.told == [(UP, "online")]


def test_another_site_forgets_who_is_gone_and_keeps_what_is_known_of_the_others(street):
    street.present(online=True)
    street.muster.restock([sensor("S1", period=100.0), sensor("S2")])
    street.passes(50)
    street.present(online=True)
    assert street.told == [(UP, "online")]
    street.muster.restock([])
    street.speak()
    assert not street.muster.unheard("S1")
