"""How much ground things cover."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from edge.see.anchors import Anchors
from edge.see.cover import BOX_FILL, covers_of, filled, zone_mask
from edge.see.places import Place, Places
from edge.see.slots import Phase
from tests.edge.views_for_tests import SHAPE, WHOLE, slot

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def test_a_wheel_is_filled_and_the_ground_beside_a_row_that_runs_askew_is_not():
    y, x = np.mgrid[:60, :60]
    ring = np.abs(np.hypot(x - 30, y - 30) - 20) < 2
    disc = np.hypot(x - 30, y - 30) < 20
    assert np.mean(filled(ring)[disc]) > 0.98
    askew = np.abs(x - y) < 6
    assert np.mean(filled(askew)) < np.mean(askew) + 0.05


def test_a_zone_is_drawn_as_it_is_outlined():
    assert zone_mask(WHOLE, SHAPE).all()
    assert np.mean(zone_mask(LEFT, SHAPE)) == pytest.approx(0.5, abs=0.01)
    triangle = zone_mask(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)), SHAPE)
    assert np.mean(triangle) == pytest.approx(0.5, abs=0.01)


def place(box, *, empty=True):
    x0, y0, x1, y1 = box
    look = np.zeros((y1 - y0, x1 - x0), np.uint8)
    return Place(box, Anchors(look, look if empty else None, np.ones(look.shape, bool)))


def test_each_pixel_of_the_zone_counts_once_and_what_reaches_out_of_it_only_within():
    # 64 x 36 pixels are a hundredth of the picture.
    one, over, before, out = (slot(n) for n in range(4))
    boxes = {one: (0, 0, 64, 36), over: (32, 0, 96, 36), before: (200, 0, 264, 36), out: (288, 100, 352, 136)}
    places = Places({s.id: place(box, empty=s is not before) for s, box in boxes.items()})
    gone = replace(slot(9), id=UUID(int=9), phase=Phase.GONE)
    covers = covers_of(places, [one, over, before, out, gone], zone_mask(LEFT, SHAPE))
    assert gone.id not in covers
    assert covers[one.id].area == pytest.approx(0.01)
    assert covers[one.id].share == pytest.approx(0.02, rel=0.02)
    assert covers[over.id].area == pytest.approx(0.005)
    assert covers[before.id].area == pytest.approx(0.01 * BOX_FILL)
    assert covers[out.id].area == pytest.approx(0.01)
    assert covers[out.id].share == pytest.approx(0.01, rel=0.05)
