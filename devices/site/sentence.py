"""What a rule says, in one sentence for the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping

from devices.site.durations import written
from devices.site.labels import GROUPS
from devices.site.rules import CameraRule, ClosedRule, CrowdRule, DogRule, LoiteringRule, ParkedRule, StayRule
from devices.site.sensor_rules import (
    AnyRule,
    CountRule,
    LevelsRule,
    Limits,
    RateRule,
    SensorRule,
    StateRule,
    WindowRule,
)


def sentence(rule: CameraRule | AnyRule, classes: Mapping[str, str]) -> str:
    """The rule in words; `classes` maps codes of event classes to names."""
    ends = f"is {rule.severity} {rule.event_class} {classes.get(rule.event_class, '')}".rstrip()
    hours = f" ({', '.join(rule.schedule)})" if rule.schedule else ""
    if isinstance(rule, SensorRule):
        opens, over = _of_quantity(rule)
        reset = " and it is reset" if rule.latch else ""
        return f"{opens}{hours} {ends}; over when {over}{reset}"
    return f"{_of_zone(rule)}{hours} {ends}"


def _of_zone(rule: CameraRule) -> str:
    if isinstance(rule, ClosedRule):
        return f"somebody seen in {rule.seen} of {rule.looks} looks"
    if isinstance(rule, CrowdRule):
        return f"{rule.count} or more people for {written(rule.dwell)}"
    if isinstance(rule, LoiteringRule):
        return f"somebody there for {written(rule.dwell)}, never away longer than {written(rule.gap)},"
    if isinstance(rule, DogRule):
        return f"a dog there for {written(rule.dwell)}"
    return f"{_of_things(rule)} that stays for {written(rule.dwell)}"


def _of_things(rule: StayRule) -> str:
    names = (f"one of the {name}" if name in GROUPS else name for name in rule.labels)
    who = " or ".join(names) or "anything but people and animals"
    if not isinstance(rule, ParkedRule):
        return who
    share = [] if rule.share is None else [f"{who} over {rule.share:.0%} of the zone"]
    few = [] if rule.enough is None else [who if rule.enough == 1 else f"{rule.enough} or more of {who}"]
    return ", or ".join(few + share)


def _of_quantity(rule: AnyRule) -> tuple[str, str]:
    """What opens it, and when it is over."""
    name = rule.quantity
    if isinstance(rule, CountRule):
        what = f"{rule.count} times {_counted(rule)} within {written(rule.within)}"
        return f"{name} {what}", f"fewer than {rule.least} times{_for(rule.clear_hold)}"
    if isinstance(rule, RateRule):
        way = "rises" if rule.rises is not None else "falls"
        opens = f"{name} {way} by more than {rule.limit:g} within {written(rule.within)}{_for(rule.hold)}"
        return opens, f"it does by no more than {rule.least:g}{_for(rule.clear_hold)}"
    if isinstance(rule, StateRule):
        return f"{name} at {rule.equals:g}{_for(rule.hold)}", f"it is not{_for(rule.clear_hold)}"
    if isinstance(rule, LevelsRule):
        worse = ", ".join(f"{one.severity} {_past(one)}" for one in rule.levels[1:])
        opens = f"{name} {_past(rule.levels[0])}{_for(rule.hold)} ({worse})"
        return opens, f"{_back(rule.levels[0])}{_for(rule.clear_hold)}"
    if isinstance(rule, Limits):
        of = f" {rule.of} within {written(rule.within)}" if isinstance(rule, WindowRule) else ""
        return f"{name}{of} {_past(rule)}{_for(rule.hold)}", f"{_back(rule)}{_for(rule.clear_hold)}"
    return f"{name} stuck{_for(rule.hold)}", "it moves"


def _past(limits: Limits) -> str:
    return f"{'below' if limits.above is None else 'above'} {limits.limit:g}"


def _back(limits: Limits) -> str:
    return f"back {'over' if limits.above is None else 'under'} {limits.clear:g}"


def _counted(rule: CountRule) -> str:
    if rule.equals is not None:
        return f"at {rule.equals:g}"
    return f"above {rule.above:g}" if rule.above is not None else f"below {rule.below:g}"


def _for(hold: float) -> str:
    return f" for {written(hold)}" if hold else ""
