"""Polygons and the cover of a street, held against GEOS where both can say."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from devices.errors import SiteError
from devices.site.areas import EARTH_RADIUS, TOLERANCE, area_findings, point_findings, square_metres
from devices.site.geojson import to_geojson
from devices.site.load import load_site
from devices.site.model import Area, Names, Point, Position
from devices.site.planar import Corner, area, contains, ring_fault, slabs

STREET = Path(__file__).resolve().parents[2] / "examples" / "street"
METRE = math.degrees(1 / EARTH_RADIUS)
NAME = Names(zh="名", en="Name")

coordinate = st.integers(0, 40).map(float)
rings = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8, unique=True)


def simple(ring: Sequence[Corner]) -> bool:
    polygon = shapely.Polygon(ring)
    return bool(polygon.is_valid and polygon.area > 0)


def around(points: list[Corner]) -> list[Corner]:
    """The points in order about their middle, which makes an outline of nearly any of them."""
    x, y = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
    return sorted(points, key=lambda point: math.atan2(point[1] - y - 0.01, point[0] - x - 0.013))


outlines = rings.map(around).filter(simple)


@given(rings | rings.map(around))
def test_an_outline_is_at_fault_exactly_when_geos_says_so(ring: list[Corner]) -> None:
    assert (ring_fault(ring) is None) == simple(ring)


@given(outlines)
def test_area_is_that_of_geos_whichever_way_the_ring_runs(ring: list[Corner]) -> None:
    assert abs(area(ring)) == pytest.approx(shapely.Polygon(ring).area)
    assert area(ring[::-1]) == pytest.approx(-area(ring))


@given(outlines, st.tuples(coordinate, coordinate))
def test_a_place_off_the_boundary_is_inside_exactly_when_geos_says_so(
    ring: list[Corner], spot: Corner
) -> None:
    assume(not shapely.Polygon(ring).boundary.intersects(shapely.Point(spot)))
    assert contains([ring], spot) == shapely.Polygon(ring).contains(shapely.Point(spot))


@given(outlines, outlines)
def test_the_cells_of_two_polygons_add_up_to_what_geos_cuts(one: list[Corner], other: list[Corner]) -> None:
    cells = [cell for row in slabs([[one], [other]]) for cell in row]
    a, b = shapely.Polygon(one), shapely.Polygon(other)
    for inside, cut in (({0, 1}, a & b), ({0}, a - b), ({1}, b - a)):
        assert sum(cell.area for cell in cells if cell.inside == inside) == pytest.approx(cut.area, abs=1e-3)


def box(identity: str, level: str, parent: str | None, x0: float, y0: float, x1: float, y1: float) -> Area:
    """A rectangle in metres from 120 east, 30 north."""
    ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    east = METRE / math.cos(math.radians(30))
    return Area.model_validate(
        {
            "id": identity,
            "level": level,
            "parent": parent,
            "code": "990101001001001" if level == "grid" else None,
            "name": NAME,
            "rings": [[(120 + x * east, 30 + y * METRE) for x, y in ring]],
        }
    )


def town(*grids: Area, side: float = 200) -> list[Area]:
    return [
        box("S1", "street", None, 0, 0, side, side),
        box("C1", "community", "S1", 0, 0, side, side),
        *grids,
    ]


def said(areas: Sequence[Area]) -> list[str]:
    return [finding.what for finding in area_findings(areas)]


HALVES = (box("G1", "grid", "C1", 0, 0, 100, 200), box("G2", "grid", "C1", 100, 0, 200, 200))


def test_two_halves_cover_the_whole() -> None:
    assert said(town(*HALVES)) == []


@pytest.mark.parametrize("upright", [True, False])
def test_a_sliver_of_five_metres_is_refused_with_its_pair_named(upright: bool) -> None:
    turned = (0, 105, 200, 200) if upright else (105, 0, 200, 200)
    first = (0, 0, 200, 100) if upright else (0, 0, 100, 200)
    (what,) = said(town(box("G1", "grid", "C1", *first), box("G2", "grid", "C1", *turned)))
    assert what.startswith("between G1 and G2 nothing covers 1000 m² near 120.00")


def test_a_sliver_at_the_border_names_the_parent() -> None:
    (what,) = said(town(HALVES[0], box("G2", "grid", "C1", 100, 0, 195, 200)))
    assert what.startswith("between G2 and the edge of C1 nothing covers 1000 m²")


def test_an_overlap_of_five_metres_is_refused_with_its_pair_named() -> None:
    (what,) = said(town(HALVES[0], box("G2", "grid", "C1", 95, 0, 200, 200)))
    assert what.startswith("G1 and G2 overlap by 1000 m²")


def test_what_reaches_outside_its_parent_is_refused() -> None:
    (what,) = said(town(HALVES[0], box("G2", "grid", "C1", 100, 0, 205, 200)))
    assert what.startswith("G2 reaches 1000 m² outside C1")


def test_two_slivers_are_two_findings_with_their_own_pairs() -> None:
    thirds = [box(f"G{n}", "grid", "C1", 70 * n, 0, 70 * n + 60, 200) for n in range(3)]
    assert [what.split(" nothing")[0] for what in said(town(*thirds))] == [
        "between G0 and G1",
        "between G1 and G2",
    ]


def test_rounding_below_a_square_metre_is_let_pass() -> None:
    assert TOLERANCE == 1.0
    assert said(town(HALVES[0], box("G2", "grid", "C1", 100.004, 0, 200, 200))) == []
    assert len(said(town(HALVES[0], box("G2", "grid", "C1", 100.006, 0, 200, 200)))) == 1


def test_a_hole_in_the_middle_is_a_gap() -> None:
    ring = box("G1", "grid", "C1", 0, 0, 200, 200).rings[0]
    hole = box("X", "grid", "C1", 50, 50, 60, 60).rings[0]
    grid = HALVES[0].model_copy(update={"rings": (ring, hole)})
    (what,) = said(town(grid))
    assert "nothing covers 100 m²" in what
    assert square_metres(grid) == pytest.approx(200 * 200 - 100, rel=1e-4)


def test_a_site_is_one_street_and_every_branch_ends_in_grids() -> None:
    assert said([*town(*HALVES), box("S2", "street", None, 500, 0, 700, 200)]) == [
        "there are 2 streets",
        "S2 has no communities",
    ]
    assert said(town()) == ["C1 has no grids"]
    assert said(list(HALVES))[0] == "there are 0 streets"
    orphan = HALVES[0].model_copy(update={"parent": "S1"})
    assert said(town(orphan, HALVES[1])) == ["S1 is no community"]


@given(st.floats(-50, 250), st.floats(-50, 250))
def test_a_point_belongs_to_the_one_grid_that_holds_it(x: float, y: float) -> None:
    east = METRE / math.cos(math.radians(30))
    point = Point(
        id="P1", name=NAME, node="n1", grid="G1", position=Position(lon=120 + x * east, lat=30 + y * METRE)
    )
    assume(
        all(abs(x - edge) > 0.01 for edge in (0, 100, 200)) and all(abs(y - edge) > 0.01 for edge in (0, 200))
    )
    found = [finding.what for finding in point_findings([(0, point)], town(*HALVES))]
    if not (0 < x < 200 and 0 < y < 200):
        assert found == ["P1 names grid G1 but lies outside every grid"]
    else:
        assert found == ([] if x < 100 else ["P1 names grid G1 but lies in G2"])


def test_a_place_on_a_shared_boundary_lies_in_exactly_one_grid() -> None:
    areas = load_site(STREET / "site.yaml").areas
    grids = [grid for grid in areas if grid.level == "grid"]
    for grid in grids:
        for (x0, y0), (x1, y1) in pairwise(grid.rings[0]):
            spot = (x0 + x1) / 2, (y0 + y1) / 2
            assert sum(contains(one.rings, spot) for one in grids) <= 1


def copied_street(directory: Path, features: list[dict[str, object]]) -> Path:
    for name in ("site.yaml", "event_classes.yaml"):
        (directory / name).write_text((STREET / name).read_text("utf-8"), "utf-8")
    text = json.dumps({"type": "FeatureCollection", "features": features}, indent="\t")
    (directory / "areas.geojson").write_text(text, "utf-8")
    return directory / "site.yaml"


def street_features() -> list[dict[str, dict[str, object]]]:
    features = json.loads((STREET / "areas.geojson").read_text("utf-8"))["features"]
    assert isinstance(features, list)
    return features


def test_a_grid_of_the_street_cut_back_by_five_metres_is_refused_with_its_neighbours(tmp_path: Path) -> None:
    features = street_features()
    (grid,) = (feature for feature in features if feature["properties"]["id"] == "G14")
    polygon = shapely.Polygon(grid["geometry"]["coordinates"][0])
    cut = polygon.buffer(-5 * METRE, join_style="mitre")
    grid["geometry"]["coordinates"] = [list(map(list, cut.exterior.coords))]
    with pytest.raises(
        SiteError, match=r"G14.* nothing covers \d{4} m²|nothing covers \d{4} m².*G14"
    ) as caught:
        load_site(copied_street(tmp_path, features))
    assert "let neighbours share their corners" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        (
            lambda f: f["properties"].update(levle="grid"),
            "features[9].properties.levle",
            "is not a field here",
        ),
        (lambda f: f["properties"].update(code="12"), "features[9]", "give `code` 15 digits"),
        (
            lambda f: f["geometry"].update(type="LineString"),
            "features[9]",
            "is not a Feature with a Polygon or MultiPolygon",
        ),
        (
            lambda f: f["geometry"]["coordinates"][0].pop(),
            "features[9].geometry.coordinates[0]",
            "is not closed",
        ),
        (
            lambda f: f["geometry"]["coordinates"][0].__setitem__(2, [120, 999]),
            "features[9].geometry.coordinates[0][2][1]",
            "must be at most 90",
        ),
        (
            lambda f: f["geometry"]["coordinates"][0].insert(2, f["geometry"]["coordinates"][0][9]),
            "features[9].geometry.coordinates[0]",
            "crosses or touches itself",
        ),
    ],
)
def test_a_fault_in_the_geojson_is_named_in_its_own_file(
    tmp_path: Path, change, path: str, said: str
) -> None:
    features = street_features()
    change(features[9])
    site = copied_street(tmp_path, features)
    with pytest.raises(SiteError) as caught:
        load_site(site)
    lines = [line for line in str(caught.value).splitlines() if "areas.geojson:" in line and path in line]
    assert any(said in line for line in lines), str(caught.value)
    written = (tmp_path / "areas.geojson").read_text("utf-8").splitlines()
    start = [number for number, line in enumerate(written, 1) if '"type": "Feature",' in line][9]
    assert all(start - 1 <= int(line.split(":")[1]) <= start + 200 for line in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "areas.geojson:1: not JSON"),
        ('{"type": "Topology"}', "is no GeoJSON FeatureCollection"),
        ("[]", "is no GeoJSON FeatureCollection"),
        ("", "the file is empty"),
    ],
)
def test_what_is_no_geojson_is_said(tmp_path: Path, text: str, said: str) -> None:
    site = copied_street(tmp_path, [])
    (tmp_path / "areas.geojson").write_text(text, "utf-8")
    with pytest.raises(SiteError) as caught:
        load_site(site)
    assert said in str(caught.value)


def test_areas_written_as_geojson_are_the_file_that_ships() -> None:
    site = load_site(STREET / "site.yaml")
    assert to_geojson(site.areas) == json.loads((STREET / "areas.geojson").read_text("utf-8"))
