"""Read, check and build a site from its file.

`load_site` is what programs call; `inspect_site` gives every fault and warning for people.
The file may keep `areas`, `event_classes` and `calendar` in files of their own beside it:
`areas: areas.geojson` (GeoJSON), `event_classes: event_classes.yaml` (the same list) and
`calendar: calendar.yaml` (the same fields).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from devices.errors import SiteError
from devices.site.areas import TOLERANCE, area_findings, point_findings
from devices.site.codes import code_findings
from devices.site.explain import findings as pydantic_findings
from devices.site.geojson import areas_of
from devices.site.model import Area, Point, Site
from devices.site.references import reference_findings
from devices.site.source import Fault, Finding, Source, UnreadableError, read_json, read_yaml

P = TypeVar("P", bound=BaseModel)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What was understood of a site file; `site` is None when there are errors."""

    site: Site | None
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def load_site(path: Path) -> Site:
    """The site in the YAML file at `path`. Warnings are logged.

    Raises:
        SiteError: one line a fault: `file:line: path: what is wrong; fix`.
    """
    report = inspect_site(path)
    if report.site is None:
        raise SiteError("\n".join(str(fault) for fault in report.errors))
    for warning in report.warnings:
        logger.warning("%s", warning)
    return report.site


def inspect_site(path: Path) -> Report:
    """Everything that is wrong or doubtful in the site file at `path`."""
    try:
        source = read_yaml(path)
        if not isinstance(source.tree, dict):
            raise UnreadableError(
                path, 1, "is no site", "a site is a group of fields: `version: 1` and so on"
            )
        _take_in(path, source)
    except UnreadableError as error:
        return Report(None, (error.fault,), ())
    return inspect_source(source)


def inspect_source(source: Source) -> Report:
    """Everything that is wrong or doubtful in a site that was read: a group of fields, parts taken in."""
    found = [*source.findings, *reference_findings(source.tree)]
    site: Site | None = None
    try:
        site = Site.model_validate(source.tree)
    except ValidationError as error:
        reported = {finding.trail for finding in found if not finding.warning}
        found += [finding for finding in pydantic_findings(error) if finding.trail not in reported]
    found += _boundaries(source.tree)
    errors = _placed(source, [finding for finding in found if not finding.warning])
    warnings = _placed(source, [finding for finding in found if finding.warning])
    return Report(None if errors else site, errors, warnings)


def _take_in(path: Path, source: Source) -> None:
    """Replace `areas: FILE`, `event_classes: FILE` and `calendar: FILE` by what those files hold."""
    for field, read in (("areas", read_json), ("event_classes", read_yaml), ("calendar", read_yaml)):
        name = source.tree.get(field)
        if not isinstance(name, str):
            continue
        if Path(name).is_absolute() or ".." in Path(name).parts:
            source.findings.append(
                Finding((field,), "names a file elsewhere", "keep the file beside the site file")
            )
            source.tree[field] = []
            continue
        part = read(path.parent / name)
        if field == "areas":
            values, places, findings = areas_of(part, (field,))
        else:
            values, findings = (
                part.tree,
                [Finding((field, *finding.trail), finding.what, finding.fix) for finding in part.findings],
            )
            places = {(field, *trail): place for trail, place in part.places.items()}
        source.tree[field] = values
        source.places.update(places)
        source.findings += findings


def _boundaries(tree: dict[str, Any]) -> list[Finding]:
    """The checks on maps, over those areas and points that are sound by themselves."""
    areas = _sound(Area, tree.get("areas"))
    points = _sound(Point, tree.get("points"))
    if not areas:
        return (
            [
                Finding(
                    ("areas",), "no areas are given", "add them so that incidents have a grid", warning=True
                )
            ]
            if not tree.get("areas")
            else []
        )
    if len(areas) < len(tree["areas"]):
        return []  # A gap where an area is faulty would only repeat that fault.
    boundaries = [area for _, area in areas]
    tolerance = tree.get("area_tolerance")
    least = tolerance if isinstance(tolerance, int | float) else TOLERANCE
    return [
        *code_findings(boundaries),
        *area_findings(boundaries, least),
        *point_findings(points, boundaries),
    ]


def _sound(model: type[P], values: Any) -> list[tuple[int, P]]:
    sound = []
    for at, value in enumerate(values if isinstance(values, list) else ()):
        try:
            sound.append((at, model.model_validate(value)))
        except ValidationError:
            continue
    return sound


def _placed(source: Source, found: Sequence[Finding]) -> tuple[Fault, ...]:
    faults = []
    for finding in found:
        place = source.place(finding.trail)
        faults.append(Fault(place.file, place.line, place.path or "site", finding.what, finding.fix))
    return tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
