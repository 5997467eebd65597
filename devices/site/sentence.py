"""What a rule says, in one sentence for the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping

from devices.site.durations import written
from devices.site.labels import GROUPS
from devices.site.model import ThresholdRule
from devices.site.rules import CameraRule, ClosedRule, CrowdRule, DogRule, LoiteringRule, ParkedRule, StayRule


def sentence(rule: CameraRule | ThresholdRule, classes: Mapping[str, str]) -> str:
    """The rule in words; `classes` maps codes of event classes to names."""
    ends = f"is {rule.severity} {rule.event_class} {classes.get(rule.event_class, '')}".rstrip()
    if isinstance(rule, ThresholdRule):
        return _of_quantity(rule, ends)
    hours = f" ({', '.join(rule.schedule)})" if rule.schedule else ""
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


def _of_quantity(rule: ThresholdRule, ends: str) -> str:
    limit, over, back = (
        (f"above {rule.above:g}", "under", rule.clear)
        if rule.above is not None
        else (f"below {rule.below:g}", "over", rule.clear)
    )
    hold = f" for {written(rule.hold)}" if rule.hold else ""
    clear_hold = f" for {written(rule.clear_hold)}" if rule.clear_hold else ""
    return f"{rule.quantity} {limit}{hold} {ends}; over when back {over} {back:g}{clear_hold}"
