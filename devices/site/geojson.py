"""Areas as GeoJSON (RFC 7946): a FeatureCollection of polygons with the area's fields as properties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from devices.site.model import Area, GeoRing
from devices.site.planar import polygons, rings_fault
from devices.site.source import Finding, Place, Source, Trail

_RINGS: TypeAdapter[tuple[GeoRing, ...]] = TypeAdapter(tuple[GeoRing, ...])


def geometry_of(area: Area) -> dict[str, Any]:
    """The area's ground: a Polygon, or a MultiPolygon where it lies in several pieces."""
    pieces = [[[list(p) for p in ring] for ring in rings] for rings in polygons(area.rings)]
    if len(pieces) == 1:
        return {"type": "Polygon", "coordinates": pieces[0]}
    return {"type": "MultiPolygon", "coordinates": pieces}


def to_geojson(areas: Sequence[Area]) -> dict[str, Any]:
    """`areas` as a FeatureCollection whose properties are the area's fields."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": area.id,
                "properties": area.model_dump(mode="json", exclude={"rings"}, exclude_none=True),
                "geometry": geometry_of(area),
            }
            for area in areas
        ],
    }


def areas_of(source: Source, at: Trail) -> tuple[list[Any], dict[Trail, Place], list[Finding]]:
    """The areas in a GeoJSON file as plain values that stand at `at` in the site, and where each stands.

    A feature that is no polygon is a finding, and its area is left out of what is checked further.
    """
    values: list[Any] = []
    places: dict[Trail, Place] = {}
    findings: list[Finding] = []
    features = source.tree.get("features") if isinstance(source.tree, dict) else None
    if not isinstance(features, list) or source.tree.get("type") != "FeatureCollection":
        places[at] = source.place(())
        return (
            [],
            places,
            [Finding(at, "the file is no GeoJSON FeatureCollection", "export the areas as one")],
        )
    renamed: dict[Trail, Trail] = {}
    for number, feature in enumerate(features):
        here: Trail = (*at, number)
        renamed["features", number] = here
        properties = feature.get("properties") if isinstance(feature, dict) else None
        pieces = _pieces(feature.get("geometry")) if isinstance(feature, dict) else None
        if pieces is None or not isinstance(properties, dict):
            what = "is not a Feature with a Polygon or MultiPolygon and properties"
            findings.append(Finding(here, what, "export each area as one such feature"))
            values.append(None)
            continue
        multiple = feature["geometry"]["type"] == "MultiPolygon"
        renamed |= dict(_moved(("features", number, "geometry", "coordinates"), here, pieces, multiple))
        renamed |= {("features", number, "properties", name): (*here, name) for name in properties}
        findings += [Finding((*here, "rings"), *fault) for fault in _misplaced(pieces)]
        values.append({**properties, "rings": [ring for rings in pieces for ring in rings]})
    for trail, place in source.places.items():
        for length in range(len(trail), 1, -1):
            target = renamed.get(trail[:length])
            if target is not None:
                places.setdefault((*target, *trail[length:]), place)
                break
    return values, places, findings


def _pieces(geometry: Any) -> list[list[Any]] | None:
    """The rings of each polygon; None when it is no such geometry."""
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(coordinates, list):
        return None
    if geometry.get("type") == "Polygon":
        return [[_flat(ring) for ring in coordinates]]
    if geometry.get("type") == "MultiPolygon" and all(isinstance(one, list) for one in coordinates):
        return [[_flat(ring) for ring in rings] for rings in coordinates]
    return None


def _flat(ring: Any) -> Any:
    """A ring without the heights that map systems export with it (RFC 7946, 3.1.1)."""
    if not isinstance(ring, list):
        return ring
    return [spot[:2] if isinstance(spot, list) and len(spot) == 3 else spot for spot in ring]


def _moved(
    given: Trail, here: Trail, pieces: Sequence[Sequence[Any]], multiple: bool
) -> Iterator[tuple[Trail, Trail]]:
    """Where the coordinates of the file go: the rings of all polygons follow each other."""
    yield given, (*here, "rings")
    if not multiple:
        return
    count = 0
    for number, rings in enumerate(pieces):
        for ring in range(len(rings)):
            yield (*given, number, ring), (*here, "rings", count)
            count += 1


def _misplaced(pieces: Sequence[Sequence[Any]]) -> Iterator[tuple[str, str]]:
    """A hole that lies outside its outline, a polygon on the ground of another: what, and the fix."""
    numbered = [(number, ring) for number, rings in enumerate(pieces) for ring in rings]
    try:
        rings = _RINGS.validate_python([ring for _, ring in numbered])
    except ValidationError:
        return  # Told later, of the area's own rings.
    if not rings or rings_fault(rings):
        return
    given = {frozenset(map(tuple, _RINGS.validate_python(one))) for one in pieces}
    found = polygons(rings)
    outlines = {tuple(_RINGS.validate_python(one)[0]) for one in pieces if one}
    if given != {frozenset(one) for one in found} or outlines != {tuple(one[0]) for one in found}:
        what = "has a hole outside its outline, or a polygon on the ground of another"
        yield what, "give each polygon its outline first, then the holes in it"
