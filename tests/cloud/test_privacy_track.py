"""Which positions of a worker may be kept at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloud.privacy.policy import PrivacyPolicy
from cloud.privacy.track import Position, on_shift, sift
from tests.cloud.rosters_for_tests import roster, rosters

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROTA = rosters(roster(2, "room"), roster(2, "work", job="worker"))
POLICY = PrivacyPolicy()


def kept(username: str, *hours: float) -> list[float]:
    positions = [Position(NOON + timedelta(hours=one), 120.0, 30.0) for one in hours]
    good, bad = sift(positions, username, ROTA, POLICY, NOON)
    assert len(good) + len(bad) == len(positions)
    return [(one.at - NOON) / timedelta(hours=1) for one in good]


def test_only_the_moments_of_ones_own_shift_are_kept() -> None:
    # Team A works from 08:00 to 20:00.
    assert kept("work-A0", 0, -3, -4, -4.5, -20) == [0, -3, -4]
    assert kept("work-A1", 0) == [0], "whoever works beside the first, too"
    assert kept("work-B0", 0) == []


def test_who_sits_in_the_patrol_room_or_is_in_no_roster_has_no_track() -> None:
    assert not on_shift("room-A0", ROTA, NOON)
    assert kept("room-A0", 0) == kept("nobody", 0) == []


@pytest.mark.parametrize(("hours", "there"), [(0.03, True), (0.05, False)])
def test_what_is_yet_to_come_is_refused_but_for_a_phones_clock(hours: float, there: bool) -> None:
    assert bool(kept("work-A0", hours)) is there


def test_what_is_older_than_its_life_is_refused_on_shift_or_not() -> None:
    assert kept("work-A0", -3, -27) == [-3]


def test_without_rosters_nobody_is_on_shift() -> None:
    position = Position(NOON, 120.0, 30.0)
    assert sift([position], "work-A0", None, POLICY, NOON) == ([], [position])
