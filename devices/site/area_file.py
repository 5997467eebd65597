"""New areas for a site, out of a GeoJSON file by itself: the tree is another, the points are laid into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from devices.site.geojson import areas_of
from devices.site.load import Report, inspect_source
from devices.site.model import Area, Point, Site
from devices.site.planar import contains
from devices.site.source import Fault, Finding, Source, UnreadableError, read_json

_AREAS: TypeAdapter[tuple[Area, ...]] = TypeAdapter(tuple[Area, ...])


def with_areas(site: Site, path: Path) -> Report:
    """`site`, one version later, with the areas of the GeoJSON file at `path` and each point in its grid.

    The file may say `area_tolerance` (square metres) beside its features. Faults are those of the file;
    a point that lies in no grid of it, or in two, is one. Warnings are not told.
    """
    source = Source(str(path))
    try:
        part = read_json(path)
    except UnreadableError as error:
        return Report(None, (error.fault,), ())
    values, source.places, findings = areas_of(part, ("areas",))
    if not values and not findings:
        findings.append(Finding(("areas",), "the file holds no area", "export the whole street"))
    source.findings += findings
    tree: dict[str, Any] = site.model_dump(mode="json", exclude_unset=True)
    tree |= {"version": site.version + 1, "areas": values}
    if isinstance(part.tree, dict) and "area_tolerance" in part.tree:
        tree["area_tolerance"] = part.tree["area_tolerance"]
    homeless = _laid(site.points, tree["points"], values)
    source.tree = tree
    report = inspect_source(source)
    # Beside the fault of a point that has no grid it says nothing that it names none.
    errors = [one for one in report.errors if not one.path.startswith(tuple(homeless))]
    errors += [Fault(str(path), 0, "", *fault) for fault in homeless.values()]
    return Report(None if errors else report.site, tuple(errors), ())


def _laid(
    points: Sequence[Point], into: Sequence[dict[str, Any]], values: Sequence[Any]
) -> Mapping[str, tuple[str, str]]:
    """Each point's `grid` set to the one that holds it; of those that have none or two, what and the fix.

    Nothing while an area is faulty: its own fault comes first.
    """
    try:
        grids = [area for area in _AREAS.validate_python(values) if area.level == "grid"]
    except ValidationError:
        return {}
    faults = {}
    for at, point in enumerate(points):
        spot = (point.position.lon, point.position.lat)
        holders = [grid.id for grid in grids if contains(grid.rings, spot)]
        if len(holders) == 1:
            into[at]["grid"] = holders[0]
        elif grids:
            where = f"in {' and '.join(holders)}" if holders else "in no grid"
            what = f"point {point.id} ({spot[0]}, {spot[1]}) lies {where}"
            faults[f"points[{at}]"] = (what, "every point lies in exactly one grid; mend the boundaries")
    return faults
