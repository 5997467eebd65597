"""One camera's part of the site, out of it and back into it: nothing else in the site changes. Pure."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

from cloud.editing.models import CameraBrief, CameraEdit, CameraSite, RuleForms
from cloud.link.sites import SiteText
from devices.site.labels import GROUPS, LABELS
from devices.site.load import Report, inspect_source
from devices.site.model import Names
from devices.site.schema import site_schema
from devices.site.source import Fault, Source, shown

Tree = dict[str, Any]
EDITED = ("zones", "purpose", "signage")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS = ("ParkedRule", "LeftRule", "CrowdRule", "ClosedRule", "LoiteringRule", "DogRule")


def tree_of(site: SiteText) -> Tree:
    """The site as plain values."""
    tree: Tree = yaml.load(site.text, _LOADER)  # noqa: S506 - a safe one
    return tree


def find(tree: Tree, camera: str) -> tuple[int, int] | None:
    """Where a camera stands: number of its point, and its number there; None: nowhere."""
    for at, point in enumerate(tree["points"]):
        for number, one in enumerate(point.get("cameras", ())):
            if one["id"] == camera:
                return at, number
    return None


def camera_of(tree: Tree, camera: str) -> CameraSite | None:
    """What the site says of a camera; None: it has no such camera."""
    place = find(tree, camera)
    if place is None:
        return None
    point = tree["points"][place[0]]
    there = point["cameras"][place[1]]
    return CameraSite(
        version=tree["version"],
        camera=camera,
        name=Names.model_validate(there["name"]),
        point=point["id"],
        point_name=Names.model_validate(point["name"]),
        node=point["node"],
        owner=there.get("owner", ""),
        purpose=there.get("purpose", ""),
        signage=there.get("signage", False),
        zones=there.get("zones", []),
    )


def cameras_of(tree: Tree) -> list[CameraBrief]:
    """All of them, in the site's order."""
    return [
        CameraBrief(
            camera=one["id"],
            name=Names.model_validate(one["name"]),
            point=point["id"],
            point_name=Names.model_validate(point["name"]),
            node=point["node"],
            zones=len(one.get("zones", ())),
            rules=sum(len(zone.get("rules", ())) for zone in one.get("zones", ())),
        )
        for point in tree["points"]
        for one in point.get("cameras", ())
    ]


def edited(tree: Tree, place: tuple[int, int], edit: CameraEdit) -> Tree:
    """The next version, in which the camera at `place` is as `edit` says, and all else as it was."""
    after = deepcopy(tree)
    after["version"] += 1
    camera = after["points"][place[0]]["cameras"][place[1]]
    for name in EDITED:
        camera[name] = getattr(edit, name)
        if not camera[name]:
            del camera[name]
    return after


def inspected(tree: Tree) -> Report:
    """Everything that is wrong or doubtful in it."""
    return inspect_source(Source("site", tree))


def unsaid(edit: CameraEdit) -> list[dict[str, str]]:
    """What must be said of a camera before rules watch through it: what it is for, and that a sign says so.

    The site file itself asks for it only where others own the camera; who draws zones is asked always.
    """
    if not any(zone.get("rules") for zone in edit.zones):
        return []
    found = []
    if not edit.purpose:
        detail = "is missing; say what this camera is for, since people are in its pictures"
        found.append({"pointer": "/body/purpose", "detail": detail})
    if not edit.signage:
        detail = "is not there; put up a sign that says that a camera watches, then say so here"
        found.append({"pointer": "/body/signage", "detail": detail})
    return found


def at_field(fault: Fault, place: tuple[int, int]) -> dict[str, str]:
    """A fault of the site at the field of the request that it comes from; of the rest at the whole."""
    camera = shown(("points", place[0], "cameras", place[1]))
    under = fault.path.removeprefix(camera)
    inside = under != fault.path and under.startswith((".", "["))
    pointer = "/body" + (under.replace("[", "/").replace("]", "").replace(".", "/") if inside else "")
    what = f"{fault.what}; {fault.fix}" if inside else f"{fault.path}: {fault.what}; {fault.fix}"
    return {"pointer": pointer, "detail": what}


def rule_forms() -> RuleForms:
    """What rules are made of, by the site's schema."""
    known = site_schema()["$defs"]
    kinds = {known[name]["properties"]["kind"]["const"]: _whole(known[name], known) for name in _KINDS}
    groups = {name: sorted(labels) for name, labels in GROUPS.items()}
    return RuleForms(rules=kinds, labels=list(LABELS), groups=groups)


def _whole(schema: Any, known: Tree) -> Any:
    """A schema with what it refers to in its place."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return _whole(known[schema["$ref"].rsplit("/", 1)[1]], known) | rest
        return {key: _whole(value, known) for key, value in schema.items()}
    return [_whole(one, known) for one in schema] if isinstance(schema, list) else schema
