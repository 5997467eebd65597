"""The example street is what is promised of it, and what its generator makes."""

import json
import math
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import shapely

from devices.sensors.decoders.registry import DECODERS
from devices.sensors.quantities import KINDS, QUANTITIES
from devices.site.areas import square_metres
from devices.site.load import inspect_site, load_site
from devices.site.model import Area, ParkedRule, Site

ROOT = Path(__file__).resolve().parents[2]
STREET = ROOT / "examples" / "street"


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(STREET / "site.yaml")


def at(site: Site, level: str) -> list[Area]:
    return [area for area in site.areas if area.level == level]


def test_the_generator_makes_exactly_what_is_committed() -> None:
    code = "import json, make_street; print(json.dumps(make_street.make()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True, check=True
    )
    made = json.loads(done.stdout)
    assert set(made) == {"site.yaml", "areas.geojson"}
    for name, text in made.items():
        assert (STREET / name).read_text("utf-8") == text, f"run scripts/make_street.py: {name} differs"


def test_it_has_the_promised_numbers(site: Site) -> None:
    assert (len(at(site, "community")), len(at(site, "grid")), len(site.points)) == (7, 39, 38)
    assert [len(list(site.points_of(node.id))) for node in site.nodes] == [10, 10, 9, 9]
    assert all(len(point.cameras) == 1 and 2 <= len(point.sensors) <= 4 for point in site.points)
    households = [grid.households or 0 for grid in at(site, "grid")]
    assert all(270 <= number <= 330 for number in households)
    assert at(site, "street")[0].households == sum(households)


def test_it_loads_without_a_warning() -> None:
    report = inspect_site(STREET / "site.yaml")
    assert (report.errors, report.warnings) == ((), ())


def test_ids_and_ports_follow_one_scheme(site: Site) -> None:
    for number, point in enumerate(site.points, 1):
        (camera,) = point.cameras
        assert (point.id, camera.id, camera.port) == (f"P{number:02d}", f"P{number:02d}-C1", 21000 + number)
        assert camera.zones[0].id == f"{camera.id}-Z1"
        assert [sensor.id for sensor in point.sensors] == [
            f"{point.id}-S{n}" for n in range(1, len(point.sensors) + 1)
        ]
        assert camera.credentials == "STREET_CAMERA"
        assert camera.purpose
        assert camera.signage
    assert [node.id for node in site.nodes] == ["n1", "n2", "n3", "n4"]
    assert [area.id for area in at(site, "grid")] == [f"G{n:02d}" for n in range(1, 40)]
    assert (site.broker.port, site.broker.credentials, site.uplink.url) == (
        21883,
        "STREET_MQTT",
        "http://127.0.0.1:8420",
    )


def test_grids_cover_the_street_by_geos_too(site: Site) -> None:
    def shapes(level: str) -> list[shapely.Polygon]:
        return [shapely.Polygon(area.rings[0]) for area in at(site, level)]

    (street,), grids, communities = shapes("street"), shapes("grid"), shapes("community")
    square_degree = (math.pi / 180 * 6_371_008.8) ** 2 * math.cos(math.radians(30))
    for parts in (grids, communities):
        assert shapely.union_all(parts).symmetric_difference(street).area * square_degree < 0.01
        for number, one in enumerate(parts):
            assert all(one.intersection(other).area * square_degree < 0.01 for other in parts[:number])
    sizes = [square_metres(grid) for grid in at(site, "grid")]
    assert sum(sizes) == pytest.approx(square_metres(at(site, "street")[0]), rel=1e-4)
    assert all(20_000 < size < 80_000 for size in sizes)


def test_grids_are_no_chessboard(site: Site) -> None:
    corners = [len(grid.rings[0]) - 1 for grid in at(site, "grid")]
    assert min(corners) >= 10
    assert len(set(corners)) > 5


def test_neighbours_share_their_corners_exactly(site: Site) -> None:
    sides = Counter(frozenset(side) for grid in at(site, "grid") for side in pairwise(grid.rings[0]))
    outline = at(site, "street")[0].rings[0]
    border = {frozenset(side) for side in pairwise(outline)}
    assert {side for side, count in sides.items() if count == 1} == border
    assert max(sides.values()) == 2


def test_every_sensor_measures_what_its_rules_ask_for(site: Site) -> None:
    sensors = [sensor for point in site.points for sensor in point.sensors]
    kinds = Counter(sensor.kind for sensor in sensors)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 2
    for sensor in sensors:
        assert sensor.rules
        for rule in sensor.rules:
            assert rule.quantity in KINDS[sensor.kind]
            quantity = QUANTITIES[rule.quantity]
            assert rule.above is not None
            assert quantity.lowest < rule.above < quantity.highest


def test_most_sensors_speak_our_own_format_and_some_each_of_the_others(site: Site) -> None:
    sensors = [sensor for point in site.points for sensor in point.sensors]
    decoders = Counter(sensor.decoder for sensor in sensors)
    assert set(decoders) == set(DECODERS)
    assert decoders["gridwatch"] > len(sensors) / 2


def test_every_camera_watches_for_parked_bikes(site: Site) -> None:
    for point in site.points:
        rule, *_ = point.cameras[0].zones[0].rules
        assert isinstance(rule, ParkedRule)
        assert (rule.labels, rule.dwell, rule.event_class) == (("bicycle", "motorcycle"), 20, "05-06-081")
    names = {kind.code: kind.name for kind in site.event_classes}
    assert names["05-06-081"].zh.startswith("共享单车乱停放")
    assert names["05-06"].zh == "非机动车乱停放"


def test_codes_are_unit_grid_codes_of_no_real_province(site: Site) -> None:
    codes = [grid.code or "" for grid in at(site, "grid")]
    assert len(set(codes)) == 39
    assert all(len(code) == 15 and code.startswith("99") for code in codes)
    parents = {area.id: area.code or "" for area in at(site, "community")}
    assert all((grid.code or "").startswith(parents[grid.parent or ""]) for grid in at(site, "grid"))
