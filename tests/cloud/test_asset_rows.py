"""Assets out of files: each row taken, or its fault named. Pure."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.areas.registry import Place
from cloud.assets.given import Sight
from cloud.assets.laying import layer_of
from cloud.assets.policy import AssetsPolicy
from cloud.assets.sheet import FileRefused, Row, RowFault, rows_of
from cloud.database.tables import metadata
from devices.site.model import Names
from devices.site.planar import contains
from tests.cloud.access_for_tests import skeleton
from tests.cloud.conftest import make_site

NAME = {"zh": "x", "en": "x"}
SITE = make_site()
SIGHT = Sight(
    AssetsPolicy.model_validate(
        {"classes": {"01-03": {"name": NAME}, "90-01": {"name": NAME, "kind": "place"}}}
    ),
    layer_of(7, SITE.areas),
    {"P01": Place("P01", Names(**NAME), "n1", "G01", 120.005, 30.005)},
    frozenset({"SW"}),
)
SHEET = """标识码,部件代码,名称,经度,纬度,点位,状态,主管部门
A1,01-03,cover,120.005,30.005,,完好,SW
A2,01-03,,,,P01,丢失,
A1,01-03,,120.005,30.005,,,
A 3,01-03,,120.005,30.005,,,
A4,77-01,,120.005,30.005,,,
A5,01-03,,121,30.005,,,
A6,01-03,,east,30.005,,,
A7,01-03,,120.005,30.005,P09,,
A8,01-03,,120.005,30.005,,fine,
A9,01-03,,120.005,30.005,,,XX
A10,01-03,,,,,,
A11,90-01,,120.015,30.005,,,,more
"""
FAULTS = {
    4: "标识码", 5: "标识码", 6: "部件代码", 7: "经度", 8: "经度", 9: "点位", 10: "状态", 11: "主管部门",
    12: "经度", 13: "",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_each_row_of_a_sheet_is_taken_or_its_column_named(encoding: str) -> None:
    found = list(rows_of(io.BytesIO(SHEET.encode(encoding)), False, SIGHT))
    taken = {one.line: one.given for one in found if isinstance(one, Row)}
    assert {one.line: one.column for one in found if isinstance(one, RowFault)} == FAULTS
    assert sorted(taken) == [2, 3]
    assert (taken[2].grid, taken[2].community, taken[2].area_version) == ("G01", "C1", 7)
    assert (taken[3].state, taken[3].point, taken[3].lon) == ("missing", "P01", 120.005)


def test_features_of_a_map_are_the_same_assets_as_rows_of_a_sheet() -> None:
    feature = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [120.005, 30.005]},
        "properties": {"code": "A1", "class": "01-03", "name": "cover", "keeper": "SW", "state": None},
    }  # fmt: skip
    tree = {"type": "FeatureCollection", "features": [feature, {"type": "Feature"}, 3]}
    found = list(rows_of(io.BytesIO(json.dumps(tree).encode()), True, SIGHT))
    assert [one.line for one in found if isinstance(one, RowFault)] == [2, 3]
    rows = rows_of(io.BytesIO(SHEET.encode()), False, SIGHT)
    assert next(one.given for one in found if isinstance(one, Row)) == next(
        one.given for one in rows if isinstance(one, Row)
    )


@pytest.mark.parametrize(
    ("body", "geojson", "why"),
    [
        (b"", False, "no column for code"),
        (b"code,lon\n", False, "no column for class"),
        (b"code,class,lat\n", False, "says where"),
        (b"{", True, "no JSON"),
        (b"[]", True, "FeatureCollection"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(body: bytes, geojson: bool, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        list(rows_of(io.BytesIO(body), geojson, SIGHT))


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_bring_an_import_down(body: bytes, geojson: bool) -> None:
    start = b"" if geojson else b"code,class,lon,lat\nA1,01-03,120.005,30.005\n"
    try:
        rows = list(rows_of(io.BytesIO(start + body), geojson, SIGHT))
    except FileRefused:
        return
    assert geojson or rows


@given(st.floats(119.99, 120.03), st.floats(29.99, 30.02))
def test_the_grid_is_the_one_whose_polygon_holds_the_place(lon: float, lat: float) -> None:
    found = SIGHT.layer.grid_at(lon, lat)
    holding = [one for one in SITE.areas if one.level == "grid" and contains(one.rings, (lon, lat))]
    assert ([found] if found else []) == holding


PERSONAL = re.compile(
    r"biometr|face|gait|fingerprint|iris_|voice|resident|householder|hukou|family|id_?card|passport|"
    r"identity_number|ethnic|religion|health_record|criminal|addict"
)
COUNT_ONLY = "households"
"""How many there are in a grid, on the area: a number of a place, of nobody."""


def test_there_is_no_register_of_residents_and_nothing_takes_a_persons_body() -> None:
    """By decision: no table, no address and no field of the API is for a household, a face or a file."""
    columns = {
        f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns
    }
    app = skeleton()
    document = app.openapi()
    fields = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field in schema.get("properties", {})
    }
    asked = {
        f"{path} {parameter['name']}"
        for path, methods in document["paths"].items()
        for method in methods.values()
        for parameter in method.get("parameters", [])
    }
    everything = columns | fields | asked | set(document["paths"])
    assert len(everything) > 500
    wrong = {one for one in everything if PERSONAL.search(one.lower())}
    wrong |= {one for one in everything if "household" in one.lower() and not one.endswith(f".{COUNT_ONLY}")}
    assert not wrong
