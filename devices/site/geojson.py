"""Areas as GeoJSON (RFC 7946): a FeatureCollection of polygons with the area's fields as properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devices.site.model import Area
from devices.site.source import Finding, Place, Source, Trail


def to_geojson(areas: Sequence[Area]) -> dict[str, Any]:
    """`areas` as a FeatureCollection whose properties are the area's fields."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": area.id,
                "properties": area.model_dump(mode="json", exclude={"rings"}, exclude_none=True),
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[list(p) for p in ring] for ring in area.rings],
                },
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
    moved: list[tuple[Trail, Trail]] = []
    for number, feature in enumerate(features):
        here: Trail = (*at, number)
        moved.append((("features", number), here))
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if (
            not isinstance(geometry, dict)
            or geometry.get("type") != "Polygon"
            or not isinstance(properties, dict)
        ):
            findings.append(
                Finding(here, "is not a Feature with a Polygon and properties", "one polygon an area")
            )
            values.append(None)
            continue
        moved.append((("features", number, "geometry", "coordinates"), (*here, "rings")))
        moved += [(("features", number, "properties", name), (*here, name)) for name in properties]
        values.append({**properties, "rings": geometry.get("coordinates")})
    renamed = dict(moved)
    for trail, place in source.places.items():
        for length in range(len(trail), 1, -1):
            target = renamed.get(trail[:length])
            if target is not None:
                places.setdefault((*target, *trail[length:]), place)
                break
    return values, places, findings
