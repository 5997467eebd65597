"""Checks of what sensors name in each other: gateways, rules that inhibit, classes of their own health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devices.site.explain import nearest, quoted
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
    for trail, values in sensors:
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


def _unknown(trail: Trail, what: str, name: str, known: Iterable[str]) -> Finding:
    close = nearest(name, known)
    fix = f"did you mean `{close}`?" if close and close != name else "name one that the site has"
    return Finding(trail, f"there is no {what} {quoted(name)}", fix)


def _rules(sensor: Values) -> list[Values]:
    rules = sensor.get("rules")
    return [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list) else []
