"""What puts alarms aside, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.alarms.asides import Service, Shelf, Sources, Subject
from cloud.alarms.machine import AlarmPhase
from cloud.alarms.policy import ALARMS, AlarmPolicy, Suppression, around
from cloud.areas.registry import Place, Registry
from devices.ids import uuid7
from devices.messages import Severity
from devices.site.model import Names
from tests.cloud.conftest import make_site

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 18, 0, tzinfo=SHANGHAI)
NAMES = Names(zh="夜市", en="Night market")
MARKET = Suppression(
    id="market",
    name=NAMES,
    reason="permitted",
    classes=("05",),
    where=("C1",),
    hours=("fri sat 18:00-23:00",),
)
REGISTRY = Registry(
    timezone=SHANGHAI,
    areas={area.id: area for area in make_site().areas},
    points={"P01": Place("P01", NAMES, "n1", "G01", 120.0, 30.0)},
)
BIKES = Subject("Z1", "05-06", "P01-C1", "P01", Severity.MEDIUM)


def sources(*, shelf: Shelf | None = None, service: Service | None = None, market: bool = False) -> Sources:
    return Sources(
        AlarmPolicy(suppressions=(MARKET,) if market else ()),
        REGISTRY,
        {("Z1", "05-06"): shelf} if shelf else {},
        {"P01-C1": service} if service else {},
    )


def shelf_of(rank: int, minutes: int = 10) -> Shelf:
    return Shelf(uuid7(), rank, FRIDAY, FRIDAY + timedelta(minutes=minutes), "operator", "roadworks")


def service_of(minutes: int = 10) -> Service:
    return Service(uuid7(), FRIDAY, FRIDAY + timedelta(minutes=minutes), "leader", "new lens")


def test_a_shelf_covers_what_is_as_bad_or_better_and_not_what_is_worse() -> None:
    here = sources(shelf=shelf_of(2))
    aside = here.aside(BIKES, FRIDAY)
    assert aside is not None
    assert (aside.state, aside.by) == (AlarmPhase.SHELVED, "operator")
    worse = Subject("Z1", "05-06", "P01-C1", "P01", Severity.HIGH)
    assert here.aside(worse, FRIDAY) is None


def test_a_shelf_whose_time_is_over_covers_nothing() -> None:
    here = sources(shelf=shelf_of(2))
    assert here.aside(BIKES, FRIDAY + timedelta(minutes=10)) is None


def test_a_device_out_of_service_is_stronger_than_what_is_allowed_and_that_than_a_shelf() -> None:
    all_three = sources(shelf=shelf_of(2), service=service_of(), market=True)
    found = all_three.aside(BIKES, FRIDAY)
    assert found is not None
    assert found.state is AlarmPhase.OUT_OF_SERVICE
    later = all_three.aside(BIKES, FRIDAY + timedelta(minutes=10))
    assert later is not None
    assert (later.state, later.by) == (AlarmPhase.SUPPRESSED, "market")


def test_the_night_market_is_allowed_in_its_hours_until_they_end() -> None:
    here = sources(market=True)
    before, during = FRIDAY - timedelta(seconds=1), FRIDAY + timedelta(hours=1)
    assert here.aside(BIKES, before) is None
    found = here.aside(BIKES, during.astimezone(UTC))
    assert found is not None
    assert found.until == datetime(2026, 11, 20, 23, 0, tzinfo=SHANGHAI)
    assert here.aside(BIKES, found.until) is None


def test_what_calls_already_goes_on_when_the_market_opens() -> None:
    assert sources(market=True).aside(BIKES, FRIDAY, calls=True) is None
    assert sources(shelf=shelf_of(2), market=True).aside(BIKES, FRIDAY, calls=True) is not None


@pytest.mark.parametrize(
    ("event_class", "point", "severity"),
    [("04-01", "P01", Severity.MEDIUM), ("05-06", "P09", Severity.MEDIUM), ("05-06", "P01", Severity.HIGH)],
    ids=["another class", "elsewhere", "worse than is allowed"],
)
def test_the_night_market_allows_nothing_else(event_class: str, point: str, severity: Severity) -> None:
    other = Subject("Z9", event_class, "P01-C1", point, severity)
    assert sources(market=True).aside(other, FRIDAY) is None


def test_a_policy_names_a_place_by_itself_its_point_or_any_area_above() -> None:
    assert around("Z1", "P01", REGISTRY) == ("Z1", "P01", "G01", "C1", "S")
    assert around("Z1", "P09", REGISTRY) == ("Z1", "P09")


@given(st.integers(0, 7 * 24 * 60 - 1))
def test_a_window_ends_at_the_first_moment_that_it_does_not_hold(minute: int) -> None:
    twice = MARKET.model_copy(update={"hours": ("fri sat 18:00-24:00", "00:00-02:30", "mon 22:00-06:00")})
    at = FRIDAY.replace(hour=0) + timedelta(minutes=minute)
    if twice.holds(at):
        ends = twice.ends(at)
        assert not twice.holds(ends)
        steps = int((ends - at).total_seconds() // 60)
        assert all(twice.holds(at + timedelta(minutes=step)) for step in range(0, steps, 7))


def test_what_is_always_allowed_is_looked_at_again_within_days() -> None:
    always = MARKET.model_copy(update={"hours": ("00:00-24:00",)})
    assert always.ends(FRIDAY) - FRIDAY < timedelta(days=9)


def test_days_of_a_market_have_a_first_and_a_last() -> None:
    only = MARKET.model_copy(update={"first_day": FRIDAY.date(), "last_day": FRIDAY.date()})
    assert only.holds(FRIDAY)
    assert not only.holds(FRIDAY + timedelta(days=1))
    assert not only.holds(FRIDAY - timedelta(days=7))


@pytest.mark.parametrize(
    "wrong",
    [
        {"longest_shelf": {"critical": "2 h", "high": "1 h"}},
        {"suppressions": [MARKET, MARKET]},
        {"suppressions": [MARKET.model_dump() | {"hours": ["workdays 18:00-23:00"]}]},
        {"suppressions": [MARKET.model_dump() | {"hours": []}]},
        {"seats": 0},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AlarmPolicy.model_validate(wrong)


def test_fire_may_be_shelved_for_less_time_than_bikes() -> None:
    longest = ALARMS.model().longest_shelf
    assert longest.of(Severity.CRITICAL) == timedelta(minutes=15)
    assert longest.of(Severity.CRITICAL) < longest.of(Severity.HIGH) < longest.of(Severity.MEDIUM)
