"""Checks of what sensors name in each other: gateways, rules that inhibit, classes of their own health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devices.sensors.kinds import KINDS, default_rules
from devices.site.explain import nearest, quoted
from devices.site.sensor_rules import SENSOR_CLASSES
from devices.site.source import Finding, Trail

Values = Mapping[str, Any]


def sensor_findings(tree: Values, items: Iterable[tuple[str, Trail, Values]]) -> Iterator[Finding]:
    """What is wrong between the sensors of the site `tree`; `items` are its parts."""
    items = list(items)
    sensors = [(trail, values) for kind, trail, values in items if kind == "sensors"]
    codes = [v["code"] for kind, _, v in items if kind == "event_classes" and isinstance(v.get("code"), str)]
    ids = [values["id"] for _, values in sensors if isinstance(values.get("id"), str)]
    rules = {f"{values.get('id')}/{rule.get('id')}" for _, values in sensors for rule in _rules(values)}
    yield from _classes(tree.get("sensor_classes"), ("sensor_classes",), codes)
    yield from _bare(tree, sensors, codes)
    for trail, values in sensors:
        yield from _unjudged(trail, values, codes)
        health = values.get("health")
        if isinstance(health, dict):
            yield from _classes(health.get("event_classes"), (*trail, "health", "event_classes"), codes)
        parent = values.get("parent")
        if isinstance(parent, str) and (parent not in ids or parent == values.get("id")):
            yield _unknown((*trail, "parent"), "other sensor", parent, ids)
        for at, rule in enumerate(_rules(values)):
            named = rule.get("inhibited_by")
            for number, name in enumerate(named if isinstance(named, list) else ()):
                whole = name if isinstance(name, str) and "/" in name else f"{values.get('id')}/{name}"
                if whole not in rules or whole == f"{values.get('id')}/{rule.get('id')}":
                    place = (*trail, "rules", at, "inhibited_by", number)
                    yield _unknown(place, "other rule", str(name), sorted(rules))


def _classes(classes: object, trail: Trail, codes: list[str]) -> Iterator[Finding]:
    for kind, code in classes.items() if isinstance(classes, dict) else ():
        if isinstance(code, str) and code not in codes:
            yield _unknown((*trail, kind), "event class", code, codes)


def _bare(tree: Values, sensors: list[tuple[Trail, Values]], codes: list[str]) -> Iterator[Finding]:
    """Codes of a sensor's own health that nobody named: people would read the bare code."""
    given = tree.get("sensor_classes")
    used = [code for kind, code in SENSOR_CLASSES.items() if not (isinstance(given, dict) and kind in given)]
    missing = [code for code in used if code not in codes]
    if sensors and missing:
        what = f"has no name for what is told when a sensor is silent or weak: {', '.join(missing)}"
        yield Finding(("event_classes",), what, "add them, else people read the code", warning=True)


def _unjudged(trail: Trail, sensor: Values, codes: list[str]) -> Iterator[Finding]:
    """A sensor that nothing judges although its kind has rules, or might be a kind that has."""
    kind = sensor.get("kind")
    if sensor.get("rules") or not isinstance(kind, str):
        return
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        fix = f"did you mean `{close}`?" if close else "give it `rules`"
        yield Finding((*trail, "kind"), f"{quoted(kind)} has no rules of its own", fix, warning=True)
    elif KINDS[kind].rules and not default_rules(kind, codes):
        missing = ", ".join(dict.fromkeys(rule["event_class"] for rule in KINDS[kind].rules))
        what = f"no rule judges it: its kind's need an event class {missing}"
        yield Finding((*trail, "kind"), what, "add that to `event_classes` or give it `rules`", warning=True)


def _unknown(trail: Trail, what: str, name: str, known: Iterable[str]) -> Finding:
    close = nearest(name, known)
    fix = f"did you mean `{close}`?" if close and close != name else "name one that the site has"
    return Finding(trail, f"there is no {what} {quoted(name)}", fix)


def _rules(sensor: Values) -> list[Values]:
    rules = sensor.get("rules")
    return [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list) else []
