"""Random streets are taken as they are; with one corner moved they are refused and the right two named."""

from __future__ import annotations

import re

import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from devices.site.areas import area_findings, plane_of
from devices.site.codes import code_findings
from devices.site.model import Area
from devices.site.planar import ring_fault
from tests.devices.tilings import EAST, METRE, part, tiling

streets = st.builds(
    tiling, st.integers(1, 4), st.lists(st.integers(1, 2), min_size=1, max_size=3), st.integers(0, 2**32)
)


@settings(max_examples=20, deadline=None)
@given(streets)
def test_a_random_street_is_taken(areas: list[Area]) -> None:
    assert [*area_findings(areas), *code_findings(areas)] == []


@settings(max_examples=25, deadline=None)
@given(streets, st.data())
def test_a_moved_corner_is_refused_and_exactly_the_two_that_meet_there_are_named(
    areas: list[Area], data: st.DataObject
) -> None:
    grids = [area for area in areas if area.level == "grid"]
    grid = data.draw(st.sampled_from(grids), "grid")
    ring = grid.rings[0]
    # Who meets at each corner, as seen from the community: its grids, and its own edge.
    (parent,) = (area for area in areas if area.id == grid.parent)
    siblings = [one for one in grids if one.parent == grid.parent]
    meeting = [{one.id for one in (*siblings, parent) if corner in one.rings[0]} for corner in ring]
    corners = [at for at in range(1, len(ring) - 1) if len(meeting[at]) == 2]
    at = data.draw(st.sampled_from(corners), "corner")
    parties = meeting[at]
    east, north = data.draw(st.tuples(st.floats(-8, 8), st.floats(-8, 8)), "metres")
    moved = (ring[at][0] + east * EAST, ring[at][1] + north * METRE)
    shifted = (*ring[:at], moved, *ring[at + 1 :])
    assume(ring_fault(shifted) is None)
    plane = plane_of(areas)
    before, after = (shapely.Polygon([plane.of(spot) for spot in one]) for one in (ring, shifted))
    pieces = shapely.get_parts(before.symmetric_difference(after))
    assume(max((piece.area for piece in pieces), default=0) > 1.5)
    wrong = part(grid.id, "grid", grid.parent, grid.code, shifted)
    said = [one.what for one in area_findings([wrong if area.id == grid.id else area for area in areas])]
    assert said
    for what in said:
        assert set(re.findall(r"\b[GC]\d+(?:-\d+)?", what)) == parties, what
    sizes = [float(size) for what in said for size in re.findall(r"(\d+) m²", what)]
    assert abs(sum(sizes) - sum(piece.area for piece in pieces)) <= 1 + len(pieces)
