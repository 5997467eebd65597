"""Checks of the rules that join: what they name is there, and can be told by the node that joins it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devices.site.explain import nearest, quoted
from devices.site.source import Finding, Trail

Values = Mapping[str, Any]
Item = tuple[str, Trail, Values]


def join_findings(items: list[Item]) -> Iterator[Finding]:
    """What is wrong with `joins` of points and `incident_joins`; `items` as in `devices.site.references`."""
    codes = [v["code"] for kind, _, v in items if kind == "event_classes" and isinstance(v.get("code"), str)]
    points = {v["id"]: v for kind, _, v in items if kind == "points" and isinstance(v.get("id"), str)}
    at = {trail: v for kind, trail, v in items if kind == "points"}
    devices = {
        v["id"]: (kind, at.get(trail[:-2], {}))
        for kind, trail, v in items
        if kind in ("cameras", "sensors") and isinstance(v.get("id"), str)
    }
    for kind, trail, values in items:
        if kind == "joins":
            yield from _missing([values.get("event_class")], codes, "event class", (*trail, "event_class"))
            node = at.get(trail[:-2], {}).get("node")
            parts = values.get("parts")
            for n, part in enumerate(parts if isinstance(parts, list) else ()):
                if isinstance(part, dict):
                    yield from _part(part, (*trail, "parts", n), node, points, devices)
        elif kind == "incident_joins":
            yield from _missing(values.get("classes"), codes, "event class", (*trail, "classes"))
            yield from _missing(values.get("across"), list(points), "point", (*trail, "across"))


def _part(
    part: Values, trail: Trail, node: object, points: Mapping[str, Values], devices: Mapping[str, Any]
) -> Iterator[Finding]:
    yield from _missing([part.get("device")], list(devices), "camera or sensor", (*trail, "device"))
    yield from _missing(part.get("at"), list(points), "point", (*trail, "at"))
    kind, point = devices.get(str(part.get("device")), (None, {}))
    elsewhere = [name for name in _listed(part.get("at")) if points.get(name, {}).get("node") != node]
    if kind is not None and point.get("node") != node:
        elsewhere.append(str(part["device"]))
    for name in elsewhere:
        if name in points or name in devices:
            yield Finding(
                trail,
                f"{quoted(name)} belongs to another node",
                "join what one node has; alarms of several nodes are joined by `incident_joins`",
            )
    if part.get("alone") == "silent" and (kind == "cameras" or part.get("zone")):
        yield Finding(
            (*trail, "alone"),
            "a camera's condition is never silent: its photos are not kept for later",
            "write `suspected`",
        )


def _missing(names: object, known: list[str], what: str, trail: Trail) -> Iterator[Finding]:
    for name in _listed(names):
        if name not in known:
            close = nearest(name, known)
            fix = f"did you mean `{close}`?" if close else f"name a {what} of this site"
            yield Finding(trail, f"{quoted(name)} is no {what} here", fix)


def _listed(names: object) -> list[str]:
    return [name for name in names if isinstance(name, str)] if isinstance(names, list | tuple) else []
