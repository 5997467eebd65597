"""Kinds of sensors: how urgent they are, and how they are judged unless the site says otherwise.

This is data. The rules are written as in a site file and take the event classes of the example street; a rule
of a class that a site does not have is left out (`default_rules`). Where a limit comes from stands beside it;
those without a source are engineering values, and all of them are for the site to overrule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Written = Mapping[str, Any]
"""A rule as a site file has it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sensor."""

    rules: tuple[Written, ...] = ()
    urgent: bool = False
    """Fire, gas, or somebody calls for help: it waits behind nothing."""


def _yes(name: str, event_class: str, severity: str, **more: Any) -> Written:
    """A device that says so itself, as 1."""
    above = {"quantity": name, "above": 0.5, "clear": 0.4}
    return {
        "kind": "threshold",
        "id": name,
        "event_class": event_class,
        "severity": severity,
        **above,
        **more,
    }


def _over(
    name: str,
    event_class: str,
    severity: str,
    above: float,
    clear: float,
    hold: str,
    clear_hold: str,
    **more: Any,
) -> Written:
    limits = {"quantity": name, "above": above, "clear": clear, "hold": hold, "clear_hold": clear_hold}
    return {
        "kind": "threshold",
        "id": name,
        "event_class": event_class,
        "severity": severity,
        **limits,
        **more,
    }


def _mean(name: str, event_class: str, above: float, clear: float, within: str) -> Written:
    limits = {"quantity": name, "of": "mean", "within": within, "above": above, "clear": clear}
    return {"kind": "window", "id": name, "event_class": event_class, "severity": "low", **limits}


KINDS: Mapping[str, Kind] = {
    "smoke": Kind(
        (
            # EN 14604 and GB 20517 let point detectors respond between 0.05 and 0.2 dB/m.
            _over("smoke_obscuration", "04-99-080", "critical", 0.15, 0.08, "10 s", "60 s", latch=True),
            _yes("smoke", "04-99-080", "critical", latch=True),
        ),
        urgent=True,
    ),
    "heat": Kind(
        (
            # GB 4716 class A1: responds between 54 and 65 °C.
            _over("temperature", "04-99-084", "critical", 57, 50, "10 s", "60 s", latch=True),
            _yes("heat", "04-99-084", "critical", latch=True),
        ),
        urgent=True,
    ),
    "co": Kind(
        # EN 50291-1: 100 ppm must be told within 10 to 40 min, 300 ppm within 3 min.
        (
            _over("co", "04-99", "critical", 100, 30, "60 s", "120 s", latch=True),
            _yes("co_alarm", "04-99", "critical", latch=True),
        ),
        urgent=True,
    ),
    "gas": Kind(
        (
            # GB 15322.1: an alarm between 5 and 25 % of the lower explosive limit.
            _over("gas", "04-03", "critical", 10, 5, "5 s", "60 s", latch=True),
            _yes("gas_alarm", "04-03", "critical", latch=True),
        ),
        urgent=True,
    ),
    "manhole": Kind(
        (
            # Vendors leave 5° to 15° to be set; lorries shake a cover for a second or two.
            _over("tilt", "04-99-081", "high", 10, 5, "30 s", "60 s"),
            _over("displacement", "04-99-081", "high", 10, 5, "30 s", "60 s"),
            _yes("water", "04-06", "medium", hold="60 s", clear_hold="5 min"),
        )
    ),
    "water_level": Kind(
        (
            {
                # 15 cm: the depth that GB 50014 lets one lane keep; 27 and 40 cm: usual closing depths.
                "kind": "levels", "id": "water_level", "quantity": "water_level", "event_class": "04-06",
                "hold": "60 s", "clear_hold": "5 min",
                "levels": (
                    {"above": 15, "clear": 12, "severity": "medium"},
                    {"above": 27, "clear": 24, "severity": "high"},
                    {"above": 40, "clear": 37, "severity": "critical"},
                ),
            },
            _yes("water", "04-06", "medium", hold="60 s", clear_hold="5 min"),
        )
    ),
    "parking": Kind(
        (
            _over("field_change", "05-05-080", "medium", 8, 4, "10 min", "5 s"),
            _yes("occupied", "05-05-080", "medium", hold="10 min", clear_hold="5 s"),
        )
    ),
    "door": Kind((_yes("open", "04-99-085", "low", hold="60 s", clear_hold="5 s"),)),
    "beam": Kind((_yes("blocked", "05-99", "medium", clear_hold="30 s", schedule=["22:00-06:00"]),)),
    "air": Kind(
        (
            # HJ 633: where the hourly index of PM2.5 becomes "moderately polluted"; PM10 by its day's.
            _mean("pm25", "01-99-080", 150, 120, "60 min"),
            _mean("pm10", "01-99-080", 350, 280, "60 min"),
        )
    ),
    # GB 3096, class 4a (beside main roads): 70 dB(A) by day.
    "noise": Kind((_mean("laeq", "05-08", 70, 67, "10 min"),)),
    "leakage": Kind(
        (
            # GB 50116-2013, 9.2.3: 300 to 500 mA.
            _over("residual_current", "04-99-082", "high", 300, 240, "30 s", "60 s", latch=True),
            _over("cable_temperature", "04-99-084", "high", 70, 60, "30 s", "60 s"),
        )
    ),
    "sos": Kind((_yes("pressed", "04-99-083", "critical", latch=True),), urgent=True),
    "fire_alarm": Kind(
        (
            # A part of a building's fire alarm system (GB/T 26875.3): its panel holds what it tells until the
            # reset, and tells the reset.
            _yes("fire", "04-99-080", "critical"),
            _yes("manual_alarm", "04-99-083", "critical"),
            _yes("supervision", "04-99-080", "high"),
            _yes("fault", "90-03", "low", hold="60 s"),
            _yes("shielded", "90-03", "low", hold="60 min"),
            _yes("loop_fault", "90-03", "medium", hold="60 s"),
            _yes("mains_fault", "90-04", "low", hold="10 min"),
            _yes("backup_fault", "90-04", "low", hold="10 min"),
        ),
        urgent=True,
    ),
    "climate": Kind(),
    "bin": Kind((_over("fill", "01-99-081", "low", 85, 60, "10 min", "10 min"),)),
}  # fmt: skip


def urgent(kind: str) -> bool:
    """Whether what a sensor of this kind says may wait behind nothing."""
    return kind in KINDS and KINDS[kind].urgent


def default_rules(kind: str, event_classes: Collection[str]) -> tuple[Written, ...]:
    """The rules of a sensor for which the site gives none; of those whose event class it has."""
    rules = KINDS[kind].rules if kind in KINDS else ()
    return tuple(rule for rule in rules if rule["event_class"] in event_classes)
