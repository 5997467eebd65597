"""New areas for a site out of a GeoJSON file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from devices.site.area_file import with_areas
from devices.site.areas import square_metres
from devices.site.geojson import to_geojson
from devices.site.load import load_site
from devices.site.model import Area, Site
from devices.site.planar import contains, polygons
from tests.devices.tilings import on_earth, part

ROOT = Path(__file__).resolve().parents[2]
TREES = ROOT / "examples" / "areas"


def ring(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [on_earth(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]


def town() -> list[Area]:
    """G1 lies around G2 and has a piece beyond G3: an enclave, an exclave."""
    code = "990101001001"
    whole = ring(0, 0, 300, 100)
    return [
        part("S", "street", None, code[:9], whole),
        part("C", "community", "S", code, whole),
        part("G1", "grid", "C", f"{code}001", ring(0, 0, 100, 100), ring(40, 40, 60, 60),
             ring(200, 0, 300, 100)),
        part("G2", "grid", "C", f"{code}002", ring(40, 40, 60, 60)),
        part("G3", "grid", "C", f"{code}003", ring(100, 0, 200, 100)),
    ]  # fmt: skip


def site_at(*spots: tuple[float, float]) -> Site:
    points = [
        {"id": f"P{n}", "name": {"zh": "点", "en": "P"}, "node": "n1", "grid": "G3",
         "position": dict(zip(("lon", "lat"), on_earth(*spot), strict=True))}
        for n, spot in enumerate(spots, 1)
    ]  # fmt: skip
    return Site.model_validate(
        {"version": 4, "name": {"zh": "街", "en": "S"}, "points": points, "areas": town(),
         "nodes": [{"id": "n1", "name": {"zh": "一", "en": "1"}}]}
    )  # fmt: skip


def written(directory: Path, tree: dict[str, Any]) -> Path:
    file = directory / "areas.geojson"
    file.write_text(json.dumps(tree), "utf-8")
    return file


def test_the_generator_makes_exactly_what_is_committed() -> None:
    code = "import json, make_areas; print(json.dumps(make_areas.make()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True, check=True
    )
    made = json.loads(done.stdout)
    assert {file.name for file in TREES.iterdir()} == set(made)
    for name, text in made.items():
        assert (TREES / name).read_text("utf-8") == text, f"run scripts/make_areas.py: {name} differs"


@pytest.mark.parametrize("count", [27, 39, 48])
def test_each_example_tree_is_taken_by_the_example_street(count: int) -> None:
    site = load_site(ROOT / "examples" / "street" / "site.yaml")
    report = with_areas(site, TREES / f"grids-{count}.geojson")
    assert report.errors == ()
    assert report.site is not None
    grids = {area.id: area for area in report.site.areas if area.level == "grid"}
    assert (len(grids), report.site.version) == (count, site.version + 1)
    for point in report.site.points:
        assert contains(grids[point.grid].rings, (point.position.lon, point.position.lat))
    polygons_of = [shapely.Polygon(grid.rings[0]) for grid in grids.values()]
    assert shapely.unary_union(polygons_of).area == pytest.approx(sum(one.area for one in polygons_of))


def test_enclaves_and_exclaves_are_taken_and_written_as_geojson_has_them(tmp_path: Path) -> None:
    tree = to_geojson(town())
    kinds = [feature["geometry"]["type"] for feature in tree["features"]]
    assert kinds == ["Polygon", "Polygon", "MultiPolygon", "Polygon", "Polygon"]
    for feature in tree["features"]:
        assert shapely.is_valid(shapely.geometry.shape(feature["geometry"]))
    report = with_areas(site_at((50, 50), (10, 10), (250, 50), (150, 50)), written(tmp_path, tree))
    assert report.errors == ()
    assert report.site is not None
    assert report.site.areas == tuple(town())
    assert [point.grid for point in report.site.points] == ["G2", "G1", "G1", "G3"]
    assert square_metres(town()[2]) == pytest.approx(100 * 100 - 20 * 20 + 100 * 100, rel=1e-3)


def test_heights_and_a_mark_at_the_beginning_as_map_systems_export_them_change_nothing(
    tmp_path: Path,
) -> None:
    tree = to_geojson(town())
    for feature in tree["features"]:
        pieces = feature["geometry"]["coordinates"]
        for ring_ in (
            pieces if feature["geometry"]["type"] == "Polygon" else [one for rings in pieces for one in rings]
        ):
            ring_[:] = [[*spot, 12.5] for spot in ring_]
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps(tree), "utf-8-sig")
    report = with_areas(site_at((150, 50)), file)
    assert report.errors == ()
    assert report.site is not None
    assert report.site.areas == tuple(town())


def test_rings_are_grouped_by_what_lies_in_what() -> None:
    outer, hole, island, apart = (
        ring(0, 0, 90, 90),
        ring(10, 10, 80, 80),
        ring(30, 30, 50, 50),
        ring(95, 0, 99, 9),
    )
    assert polygons([island, apart, hole, outer]) == ((island,), (apart,), (outer, hole))


def hole_out(geometry: dict[str, Any]) -> None:
    geometry["coordinates"] = [[*geometry["coordinates"][0], geometry["coordinates"][1][0]]]


def on_top(geometry: dict[str, Any]) -> None:
    geometry["coordinates"][1] = [ring(50, 10, 120, 20)]


def inside(geometry: dict[str, Any]) -> None:
    geometry["coordinates"][1] = [ring(5, 5, 20, 20)]


def twice(geometry: dict[str, Any]) -> None:
    geometry["coordinates"][1] = geometry["coordinates"][0][:1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (hole_out, "a hole outside its outline"),
        (on_top, "its rings 1 and 3 cross or cover the same ground"),
        (inside, "a polygon on the ground of another"),
        (twice, "its rings 1 and 3 cross or cover the same ground"),
    ],
)
def test_a_geometry_that_contradicts_itself_is_refused(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    tree = to_geojson(town())
    spoil(tree["features"][2]["geometry"])
    errors = with_areas(site_at((150, 50)), written(tmp_path, tree)).errors
    assert any(said in one.what and one.path.startswith("features[2]") for one in errors), errors


def test_a_point_in_no_grid_or_in_two_is_named(tmp_path: Path) -> None:
    tree = to_geojson(town())
    tree["area_tolerance"] = 100
    tree["features"][3]["geometry"]["coordinates"] = [ring(39, 40, 59, 60)]  # 20 m² over G1, 20 m² bare
    report = with_areas(site_at((39.5, 50), (59.5, 50), (150, 50)), written(tmp_path, tree))
    assert [one.what.partition(") ")[2] for one in report.errors] == ["lies in G1 and G2", "lies in no grid"]
    assert [one.what.split()[1] for one in report.errors] == ["P1", "P2"]
    less = with_areas(site_at((150, 50)), written(tmp_path, tree | {"area_tolerance": 1}))
    # Corners are to 0.1 m: 19 or 20.
    assert [re.sub("19|20", "20", one.what.split(" near")[0]) for one in less.errors] == [
        "between G1 and G2 nothing covers 20 m²",
        "G1 and G2 overlap by 20 m²",
    ]
    assert with_areas(site_at((150, 50)), written(tmp_path, tree)).site is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parent": "C9"}, "G2: C9 is no community"),
        ({"parent": "S"}, "S is no community"),
        ({"parent": None}, "a street has no `parent`, communities and grids have one"),
        ({"code": "990101001001001"}, "G2 has the code 990101001001001 of G1"),
        ({"code": "990101001002002"}, "digit 12 of its code"),
        ({"code": "99010100100100"}, "needs its unit grid code"),
        ({"id": "G3"}, "'G3' is already used"),
    ],
)
def test_orphans_wrong_parents_and_doubles_are_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    tree = to_geojson(town())
    tree["features"][3]["properties"] |= change
    errors = [one.what for one in with_areas(site_at((150, 50)), written(tmp_path, tree)).errors]
    assert any(said.removeprefix("G2: ") in what for what in errors), errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('{"type": "FeatureCollection", "features": []}', "the file holds no area"),
        ('{"type": "FeatureCollection", "features": [{"geometry": null}]}', "is not a Feature"),
        ("[]", "is no GeoJSON FeatureCollection"),
    ],
)
def test_what_is_no_tree_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "areas.geojson").write_text(text)
    report = with_areas(site_at((150, 50)), tmp_path / "areas.geojson")
    assert report.site is None
    assert any(said in one.what for one in report.errors), report.errors
