"""Checks between the parts of a site: ids, references, labels, secrets.

They look at the plain values, before pydantic does, so that one misspelt field hides no other fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devices.site.explain import nearest, quoted
from devices.site.join_findings import join_findings
from devices.site.labels import GROUPS, LABELS
from devices.site.model import HealthKind
from devices.site.sensor_findings import sensor_findings
from devices.site.source import Finding, Trail, shown

_WITHIN: dict[str, tuple[str, ...]] = {
    "": ("areas", "event_classes", "nodes", "points", "incident_joins"),
    "points": ("cameras", "sensors", "joins"),
    "cameras": ("zones",),
    "zones": ("rules",),
    "sensors": ("rules",),
}
_NAMED = {"areas": "id", "event_classes": "code", "rules": "id", "incident_joins": "id"}
"""Kinds with a name space of their own. All others share one: health messages name nodes, cameras and
sensors by their bare ids, and the place of an incident is the id of a zone or a sensor."""
RESERVED = "broker"
"""Stands for the MQTT broker in health messages."""
_SECRET_IN_URL = re.compile(
    r"://[^/\s]*@|[?&/;](user|pass|passwd|password|pwd|token|secret|key)=", re.IGNORECASE
)

Values = Mapping[str, Any]
Item = tuple[str, Trail, Values]
"""Kind, trail and values of one part."""


def reference_findings(tree: Values) -> Iterator[Finding]:
    """What is wrong between the parts of the site `tree`."""
    items = list(_items(tree, "", ()))
    yield from _doubles(items)
    yield from _unknown(items, areas_given=bool(tree.get("areas")))
    yield from _health(tree, items)
    yield from join_findings(items)
    yield from sensor_findings(tree, items)
    yield from _secrets(tree, ())
    yield from _unsigned(items)
    yield from _idle(items)
    yield from _unheard(tree, items)


def _items(values: Values, kind: str, trail: Trail) -> Iterator[Item]:
    for below in _WITHIN.get(kind, ()):
        children = values.get(below)
        for at, child in enumerate(children if isinstance(children, list) else ()):
            if isinstance(child, dict):
                yield below, (*trail, below, at), child
                yield from _items(child, below, (*trail, below, at))


def _doubles(items: list[Item]) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], Trail] = {}
    for kind, trail, values in items:
        name = _NAMED.get(kind, "id")
        space: object = trail[:-1] if kind == "rules" else kind if kind in _NAMED else "site"
        given = values.get(name)
        if not isinstance(given, str):
            continue
        other = seen.setdefault((space, given), trail)
        if other != trail:
            what = f"{quoted(given)} is already used at {shown(other)}"
            yield Finding((*trail, name), what, "give one of them another")
        elif given == RESERVED and space == "site":
            yield Finding((*trail, name), f"{RESERVED!r} stands for the MQTT broker", "choose another id")


def _unknown(items: list[Item], *, areas_given: bool) -> Iterator[Finding]:
    def known(kind: str, name: str = "id") -> list[str]:
        return [values[name] for k, _, values in items if k == kind and isinstance(values.get(name), str)]

    nodes, classes = known("nodes"), known("event_classes", "code")
    grids = [
        v["id"]
        for k, _, v in items
        if k == "areas" and v.get("level") == "grid" and isinstance(v.get("id"), str)
    ]
    for kind, trail, values in items:
        if kind == "points":
            yield from _missing(values, "node", nodes, "node", trail)
            if areas_given:
                yield from _missing(values, "grid", grids, "grid", trail)
        elif kind == "rules":
            yield from _missing(values, "event_class", classes, "event class", trail)
            labels = values.get("labels")
            for at, label in enumerate(labels if isinstance(labels, list) else ()):
                if isinstance(label, str) and label not in LABELS and label not in GROUPS:
                    close = nearest(label, (*LABELS, *GROUPS))
                    known_to_us = f"COCO's 80 names, such as bicycle or car, or one of {', '.join(GROUPS)}"
                    yield Finding(
                        (*trail, "labels", at),
                        f"the detector has no label {quoted(label)}",
                        f"did you mean `{close}`?" if close else f"use one of {known_to_us}",
                    )


def _health(tree: Values, items: list[Item]) -> Iterator[Finding]:
    """Event classes of ill health are known; what the site gives no class is not reported, said once."""
    codes = [v["code"] for kind, _, v in items if kind == "event_classes" and isinstance(v.get("code"), str)]
    cameras = [(trail, values) for kind, trail, values in items if kind == "cameras"]
    own = [
        ((*trail, "health", "event_classes"), values["health"].get("event_classes"))
        for trail, values in cameras
        if isinstance(values.get("health"), dict)
    ]
    everywhere = tree.get("health_classes")
    for trail, classes in [(("health_classes",), everywhere), *own]:
        if isinstance(classes, dict):
            for kind in classes:
                yield from _missing(classes, kind, codes, "event class", trail)
    given = everywhere if isinstance(everywhere, dict) else {}
    unsaid = [kind.value for kind in HealthKind if kind.value not in given]
    if cameras and codes and unsaid:
        what = f"has no event class for {', '.join(unsaid)}"
        yield Finding(("health_classes",), what, "give each a code, else it is not reported", warning=True)


def _missing(values: Values, name: str, known: list[str], what: str, trail: Trail) -> Iterator[Finding]:
    value = values.get(name)
    if isinstance(value, str) and value not in known:
        close = nearest(value, known)
        fix = f"did you mean `{close}`?" if close else f"add it, or use one of {_few(known)}"
        yield Finding((*trail, name), f"there is no {what} {quoted(value)}", fix)


def _few(known: list[str]) -> str:
    return (
        ", ".join(known[:5]) + (", ..." if len(known) > 5 else "") if known else "those you define (none yet)"
    )


def _secrets(value: object, trail: Trail) -> Iterator[Finding]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _secrets(child, (*trail, name))
    elif isinstance(value, list):
        for at, child in enumerate(value):
            yield from _secrets(child, (*trail, at))
    elif isinstance(value, str) and _SECRET_IN_URL.search(value):
        yield Finding(
            trail,
            "holds a user name, password or key (not shown)",
            "take it out of the address, put it into the environment and name it by `credentials`",
        )


def _unsigned(items: list[Item]) -> Iterator[Finding]:
    """A sign at the place says that a camera watches. Whose camera is named also says why, and has to."""
    for kind, trail, values in items:
        zones = values.get("zones")
        if kind != "cameras" or not any(
            isinstance(zone, dict) and zone.get("rules")
            for zone in (zones if isinstance(zones, list) else ())
        ):
            continue
        owned = bool(values.get("owner"))
        if not values.get("signage", False):
            yield Finding(
                (*trail, "signage"),
                "the camera has rules but no visible sign at the place",
                "put a sign up and set `signage: true`",
                warning=not owned,
            )
        if owned and not values.get("purpose"):
            yield Finding(
                (*trail, "purpose"),
                "the camera has rules but does not say why it watches this place",
                "write `purpose:`, such as order on the pavement",
                warning=not owned,
            )


def _idle(items: list[Item]) -> Iterator[Finding]:
    busy = [values.get("node") for kind, _, values in items if kind == "points"]
    for kind, trail, values in items:
        if kind == "nodes" and isinstance(values.get("id"), str) and values["id"] not in busy:
            what, fix = "owns no point", f"give it points with `node: {values['id']}` or take it out"
            yield Finding(trail, what, fix, warning=True)


def _unheard(tree: Values, items: list[Item]) -> Iterator[Finding]:
    """A station is heard by its node, each part of one is one sensor, and no address is listened at twice."""
    heard: set[tuple[str, str]] = set()
    taken: dict[tuple[str, str], Trail] = {}
    for kind, trail, values in items:
        for at, listener in enumerate(_dicts(values.get("stations")) if kind == "nodes" else ()):
            spoken = str(values.get("id")), str(listener.get("protocol"))
            if spoken in heard:
                what = f"{quoted(spoken[1])} is already heard by this node"
                yield Finding((*trail, "stations", at), what, "one listener hears all of them")
            heard.add(spoken)
            here, listen = (*trail, "stations", at), str(listener.get("listen"))
            if taken.setdefault((str(values.get("id")), listen), here) != here and not listen.endswith(":0"):
                yield Finding((*here, "listen"), f"{quoted(listen)} is already used", "take another port")
    parts: dict[tuple[str, ...], Trail] = {}
    for kind, trail, sensor in items:
        station = sensor.get("station")
        if kind != "sensors" or not isinstance(station, dict):
            continue
        node, protocol = str(tree["points"][trail[1]].get("node")), str(station.get("protocol"))
        if (node, protocol) not in heard:
            fix = f"give node `{node}` a listener under `stations`"
            yield Finding((*trail, "station"), f"nobody listens for {quoted(protocol)} at its node", fix)
        if protocol == "gb26875":
            part = tuple(str(station.get(name)) for name in ("transmitter", "system", "address", "component"))
            if (other := parts.setdefault(part, trail)) != trail:
                what = f"is the same part as the sensor at {shown(other)}"
                yield Finding((*trail, "station"), what, "name another `component`, or take one of them out")


def _dicts(values: object) -> list[Values]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
