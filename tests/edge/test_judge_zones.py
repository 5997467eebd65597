"""Places in zones, with shapely as the second opinion."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from edge.judge.zones import contains, stands_in
from tests.edge.views_for_tests import LEFT_HALF, WHOLE

parts = st.floats(0.0, 1.0)


@st.composite
def outlines(draw):
    """Any simple polygon around the picture's middle, hollows and all."""
    radii = draw(st.lists(st.floats(0.05, 0.5), min_size=3, max_size=12))
    turn = draw(st.floats(0.0, 6.28))
    steps = [turn + 2 * math.pi * index / len(radii) for index in range(len(radii))]
    return [
        (0.5 + r * math.cos(angle), 0.5 + r * math.sin(angle)) for r, angle in zip(radii, steps, strict=True)
    ]


@given(outline=outlines(), x=parts, y=parts)
def test_a_point_is_in_the_zone_where_shapely_says_so(outline, x, y):
    polygon, point = Polygon(outline), Point(x, y)
    assume(polygon.is_valid and polygon.exterior.distance(point) > 1e-9)
    assert contains(outline, x, y) == polygon.contains(point)
    assert contains(outline[::-1], x, y) == polygon.contains(point)


def test_neighbouring_zones_share_no_point_of_their_border():
    right_half = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
    for y in (0.0, 0.25, 0.999):
        assert [contains(zone, 0.5, y) for zone in (LEFT_HALF, right_half)] == [False, True]


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((0.40, 0.10, 0.58, 0.50), True),  # most of it, seen from its foot
        ((0.42, 0.10, 0.60, 0.50), True),  # two fifths of its foot
        ((0.45, 0.10, 0.63, 0.50), False),
        ((0.10, 0.80, 0.20, 1.00), True),  # its foot at the picture's lower edge
        ((0.60, 0.00, 1.00, 1.00), False),
    ],
)
def test_a_thing_stands_where_enough_of_its_foot_or_its_centre_is(box, inside):
    assert stands_in(LEFT_HALF, box) is inside
    assert stands_in(WHOLE, box)


def test_a_thing_that_leans_out_of_a_low_zone_stands_in_it_by_its_foot():
    kerb = ((0.0, 0.7), (1.0, 0.7), (1.0, 0.9), (0.0, 0.9))
    assert stands_in(kerb, (0.4, 0.2, 0.6, 0.85))
    assert not stands_in(kerb, (0.4, 0.2, 0.6, 0.6))


def test_a_thing_of_which_the_lowest_part_was_not_found_stands_where_that_would_be():
    kerb = ((0.0, 0.7), (1.0, 0.7), (1.0, 0.9), (0.0, 0.9))
    assert stands_in(kerb, (0.4, 0.5, 0.6, 0.695))
    assert not stands_in(kerb, (0.4, 0.65, 0.6, 0.694)), "so low a thing ends where it ends"
    assert not stands_in(kerb, (0.4, 0.1, 0.6, 0.68)), "what is high stands behind"
