"""What is asked of a stream, and what a camera has in view."""

from __future__ import annotations

import pytest

from devices.site.rules import LoiteringRule
from edge.judge.people import Presence
from edge.judge.stays import Ledger
from edge.node.budget import Attention
from edge.node.demand import attention, request_at
from edge.see.health import Sight
from edge.see.view import View
from tests.edge.points_for_tests import NOON, camera, zone
from tests.edge.views_for_tests import parked


def test_a_stream_is_looked_at_as_often_as_the_rules_that_hold_just_now_need():
    quick = LoiteringRule(
        kind="loitering", id="night", event_class="05-06", dwell=8, schedule=("22:00-06:00",)
    )
    watched = camera(zones=(zone(rules=(parked(dwell=60), quick)),))
    by_day, by_night = (request_at(watched, NOON.replace(hour=hour)) for hour in (12, 23))
    assert (by_day.every, by_day.need) == (1.0, 4.0)
    assert (by_night.every, by_night.need) == (0.8, 1.0)


@pytest.mark.parametrize(
    ("slots", "cases", "expected"),
    [
        ((), 0, Attention.NOTHING),
        ((1,), 0, Attention.CANDIDATE),
        ((), 1, Attention.OPEN),
        ((1,), 1, Attention.OPEN),
    ],
)
def test_what_a_camera_has_in_view_decides_whether_it_may_be_thinned(slots, cases, expected):
    view = View(0.0, NOON, Sight.CLEAR, slots, (360, 640))
    ledgers = [Ledger({}), Ledger({str(number): None for number in range(cases)}), Presence()]
    assert attention(view, ledgers) is expected
