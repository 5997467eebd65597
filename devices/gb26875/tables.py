"""The tables of GB/T 26875.3-2011, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Owner(Enum):
    """Whose state an information object tells."""

    SYSTEM = "system"
    COMPONENT = "component"
    TRANSMITTER = "transmitter"


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of information (table 3) that carries something to keep."""

    owner: Owner
    size: int
    """Bytes of one information object without the six of its time (8.3.1)."""
    bits: Mapping[int, str]
    """Bit of its flags -> the quantity it is here."""


_SYSTEM_STATE = {
    0: "in_service",
    1: "fire",
    2: "fault",
    3: "shielded",
    4: "supervision",
    5: "started",
    6: "feedback",
    7: "delayed",
    8: "mains_fault",
    9: "backup_fault",
    10: "bus_fault",
    11: "manual_mode",
    12: "changed",
    13: "reset",
}
"""8.2.1.1."""
_COMPONENT_STATE = {
    0: "in_service",
    1: "fire",
    2: "fault",
    3: "shielded",
    4: "supervision",
    5: "started",
    6: "feedback",
    7: "delayed",
    8: "mains_fault",
}
"""8.2.1.2."""
_SYSTEM_OPERATION = {
    0: "reset",
    1: "silenced",
    2: "manual_alarm",
    3: "alarm_ended",
    4: "self_test",
    5: "confirmed",
    6: "test",
}
"""8.2.1.4."""
_TRANSMITTER_STATE = {
    0: "in_service",
    1: "fire",
    2: "fault",
    3: "mains_fault",
    4: "backup_fault",
    5: "line_fault",
    6: "loop_fault",
}
"""8.2.1.8: line is the one to the centre, loop the one to the fire alarm system."""
_TRANSMITTER_OPERATION = {
    0: "reset",
    1: "silenced",
    2: "manual_alarm",
    3: "alarm_ended",
    4: "self_test",
    5: "present",
    6: "test",
}
"""8.2.1.9: present answers a call to the person on duty."""

COMPONENT_ANALOG = 3
KINDS: Mapping[int, Kind] = {
    1: Kind(Owner.SYSTEM, 4, _SYSTEM_STATE),
    2: Kind(Owner.COMPONENT, 40, _COMPONENT_STATE),
    COMPONENT_ANALOG: Kind(Owner.COMPONENT, 10, {}),
    4: Kind(Owner.SYSTEM, 4, _SYSTEM_OPERATION),
    21: Kind(Owner.TRANSMITTER, 1, _TRANSMITTER_STATE),
    24: Kind(Owner.TRANSMITTER, 2, _TRANSMITTER_OPERATION),
}
OPERATIONS = (4, 24)
"""What somebody did: a bit that is not set says nothing."""
SILENT = frozenset({5, 6, 7, 8, 25, 26, 28})
"""Versions, configurations and clocks: confirmed and left aside."""
SET_CLOCK = 90

LATCHED = ("fire", "fault", "supervision", "manual_alarm", "started", "feedback")
"""What a reset of the panel ends, also where no component says so by itself."""
URGENT = frozenset({"fire", "manual_alarm"})

ANALOGS: Mapping[int, tuple[str, str, float]] = {
    1: ("events", "1", 1),
    2: ("height", "m", 0.01),
    3: ("temperature", "Cel", 0.1),
    4: ("pressure", "MPa", 0.1),
    5: ("pressure_low", "kPa", 0.1),
    6: ("gas_lel", "%", 0.1),
    7: ("duration", "s", 1),
    8: ("voltage", "V", 0.1),
    9: ("current", "A", 0.1),
    10: ("flow", "L/s", 0.1),
    11: ("air_flow", "m3/min", 0.1),
    12: ("wind_speed", "m/s", 0.1),
}
"""Type of an analog value (table 6) -> quantity, unit, worth of a step; 6 is of the lower explosive limit."""
