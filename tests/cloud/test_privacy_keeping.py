"""How long things stay and what goes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.media.order import Kept, Rank, what_goes
from cloud.privacy.linked import Link, clear_boxes, kept, on_duty
from cloud.privacy.policy import Keep, PrivacyPolicy

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
POLICY = PrivacyPolicy(classes={"05": Keep(least=86400.0, most=10 * 86400.0)})


def days(count: float) -> datetime:
    return NOW - timedelta(days=count)


def link(closed: datetime | None, event_class: str = "01-01", **more: object) -> Link:
    return Link(**{"case": True, "closed_at": closed, "event_class": event_class, "clip": False, **more})


def one(*links: Link, since: datetime = NOW, name: str = "a") -> Kept:
    return kept([(name, 10, since)], {"a": links}, POLICY, NOW)[0]


def test_what_an_open_case_needs_never_goes_however_old() -> None:
    found = one(link(None), link(days(999)), since=days(999))
    assert not found.may_go
    assert not found.must_go


@pytest.mark.parametrize(("ago", "may", "must"), [(29, False, False), (31, True, False), (366, True, True)])
def test_evidence_stays_for_its_least_and_goes_after_its_most(ago: int, may: bool, must: bool) -> None:
    found = one(link(days(ago)))
    assert (found.may_go, found.must_go) == (may, must)


def test_a_class_may_have_its_own_times_and_the_longest_of_several_counts() -> None:
    assert one(link(days(11), "05-06")).must_go
    both = one(link(days(11), "05-06"), link(days(11), "01-01"))
    assert not both.must_go
    assert not both.may_go


def test_what_belongs_to_no_case_goes_by_when_it_came() -> None:
    found = one(Link(False, None, "", False), since=days(91))
    assert (found.rank, found.must_go) == (Rank.UNLINKED, True)
    assert not one(since=days(29)).may_go


def test_a_copy_may_always_go_and_a_clip_goes_before_a_photo() -> None:
    assert one(name="copies/a-1").rank is Rank.COPY
    assert one(link(days(40), clip=True)).rank is Rank.CLIP
    assert one(link(days(40))).rank is Rank.PHOTO


files = st.builds(
    Kept,
    st.uuids().map(str),
    st.integers(1, 1000),
    st.sampled_from(Rank),
    st.integers(0, 400).map(days),
    st.booleans(),
    st.booleans(),
).filter(lambda file: file.may_go or not file.must_go)


@given(st.lists(files, max_size=30), st.integers(0, 20_000))
def test_only_what_may_go_goes_in_order_and_no_more_than_is_needed(those: list[Kept], excess: int) -> None:
    going = what_goes(those, excess)
    assert all(file.may_go for file in going)
    assert {file for file in those if file.must_go} <= set(going)
    freely = [file for file in going if not file.must_go]
    assert [(file.rank, file.since) for file in freely] == sorted((f.rank, f.since) for f in freely)
    stays = [file for file in those if file.may_go and file not in going]
    if stays:
        assert sum(file.size for file in going) >= excess
        assert all((f.rank, f.since) <= (s.rank, s.since) for f in freely for s in stays)
    if freely:
        assert sum(file.size for file in going) - freely[-1].size < excess


def test_times_that_contradict_are_refused() -> None:
    with pytest.raises(ValidationError, match="write least <= most"):
        PrivacyPolicy.model_validate({"evidence": {"least": "40 d", "most": "30 d"}})


def test_the_patrol_room_is_on_duty_for_open_cases_and_a_day_after() -> None:
    assert on_duty([link(None), link(days(9))], POLICY, NOW)
    assert on_duty([link(days(0.9))], POLICY, NOW)
    assert not on_duty([link(days(1.1))], POLICY, NOW)
    assert on_duty([], POLICY, NOW)


def test_boxes_of_people_are_never_finer() -> None:
    links = [
        link(None, box=(0.1, 0.1, 0.2, 0.2), label="bicycle"),
        link(None, box=(0.5, 0.5, 0.9, 0.9), label="person"),
        link(None),
    ]
    assert clear_boxes(links, POLICY) == [(0.1, 0.1, 0.2, 0.2)]
