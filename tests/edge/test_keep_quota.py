from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.losses import Gap, LostEvidence
from devices.messages import (
    Change,
    Committed,
    Condition,
    ConditionState,
    Evidence,
    EvidenceKind,
    IngestAnswer,
    Series,
    Severity,
)
from edge.doctor import examine
from edge.keep import NodeStore
from edge.keep.ballast import SIZE as BALLAST
from edge.keep.gaps import MOST
from edge.keep.quota import LOW_WATER, to_free
from tests.edge.messages_for_tests import NOON, a_clip, a_condition, a_health, an_evidence
from tests.edge.test_keep_telemetry import Clock, readings

MIB = 1024 * 1024
SHARE = BALLAST + 3 * MIB


def opened(directory: Path, share: int = SHARE) -> NodeStore:
    clock = Clock()
    return NodeStore.open(directory, "n1", now=clock, new_id=uuid7, share=share)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = opened(tmp_path)
    yield store
    assert examine(tmp_path).faults == ()
    store.close()


def photo(store: NodeStore, number: int, size: int = 100_000) -> UUID:
    jpeg = number.to_bytes(4, "big") * (size // 4)
    sha256, _ = store.save_photo(jpeg)
    body = an_evidence(sha256, len(jpeg))
    with store.transaction() as tx:
        tx.queue(body, NOON + timedelta(seconds=number))
    return body.condition_id


def clip(store: NodeStore, number: int, size: int = 100_000) -> None:
    mp4 = number.to_bytes(4, "big") + b"ftyp" + b"c" * (size - 8)
    sha256, _ = store.save_photo(mp4)
    with store.transaction() as tx:
        tx.queue(a_clip(sha256, len(mp4)), NOON)


def telemetry(store: NodeStore, batches: int, boot: str = "b1") -> None:
    for batch in range(batches):
        store.keep_readings(readings(*range(batch * 500, batch * 500 + 500), boot=boot))


def condition(severity: Severity, over: bool) -> list[Condition]:
    first = a_condition().model_copy(update={"severity": severity})
    updated = first.model_copy(update={"rev": 2, "change": Change.UPDATED})
    last = {"rev": 3, "change": Change.CLEARED, "state": ConditionState.CLEARED}
    return [first, updated, *([first.model_copy(update=last)] if over else [])]


def queue(store: NodeStore, *conditions: Condition) -> None:
    with store.transaction() as tx:
        for one in conditions:
            tx.queue(one, NOON)


def gaps(store: NodeStore, series: Series) -> list[Gap]:
    bodies = [event.body() for event in store.batch(series, limit=10**6, limit_bytes=10**9)]
    return [body for body in bodies if isinstance(body, Gap)]


def evicted(store: NodeStore) -> dict[str, int]:
    figures = store.figures().series
    assert all(part.missing == 0 for part in figures.values())
    return {str(name): part.evicted for name, part in figures.items() if part.evicted}


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_what_must_go_brings_the_use_below_the_share(used: int, share: int) -> None:
    freed = to_free(used, share)
    assert (freed == 0) == (used <= share)
    assert used - freed <= share
    if freed:
        assert used - freed == int(LOW_WATER * share)


def test_telemetry_gives_way_first_and_the_rest_is_untouched(store: NodeStore) -> None:
    clip(store, 1)
    photo(store, 2)
    queue(store, *condition(Severity.LOW, over=True))
    telemetry(store, 27)
    assert set(evicted(store)) == {"telemetry"}
    assert store._room.used() <= SHARE
    (gap,) = gaps(store, Series.TELEMETRY)
    first, last = gap.ranges[0]
    assert first == 1
    waiting = [event.seq for event in store.batch(Series.TELEMETRY, limit=10**6, limit_bytes=10**9)]
    assert waiting[0] == last + 1
    assert gap.cause == "quota"
    # One waiting gap stands for the earlier ones, too; their numbers never arrive either.
    assert gap.readings == 500 * (last - first + 1)
    assert gap.count == store.figures().series[Series.TELEMETRY].evicted


def test_clips_give_way_before_photos_oldest_first(store: NodeStore) -> None:
    wanted = [photo(store, number) for number in range(10)]
    for number in range(10, 30):
        clip(store, number)
    found = gaps(store, Series.EVIDENCE)
    assert {lost.kind for gap in found for lost in gap.evidence} == {EvidenceKind.CLIP}
    wanted += [photo(store, number) for number in range(30, 62)]
    (gap,) = gaps(store, Series.EVIDENCE)
    lost = [one.condition_id for one in gap.evidence if one.kind is not EvidenceKind.CLIP]
    assert lost == wanted[: len(lost)]
    assert len(lost) > 0
    assert sum(one.kind is EvidenceKind.CLIP for one in gap.evidence) == 20
    assert store._room.used() <= SHARE
    files = {path.stem for path in store._photos.files()}
    rows = [event.body() for event in store.batch(Series.EVIDENCE, limit=10**6, limit_bytes=10**9)]
    assert files == {body.sha256 for body in rows if isinstance(body, Evidence)}


def test_evidence_that_gave_way_is_named_with_its_condition_not_awaited_for_ever(store: NodeStore) -> None:
    queued = [photo(store, number) for number in range(40)]
    (gap,) = gaps(store, Series.EVIDENCE)
    count = len(gap.evidence)
    assert count >= 10
    assert gap.evidence == tuple(
        LostEvidence(condition_id=condition, kind=EvidenceKind.PRESENT) for condition in queued[:count]
    )
    assert gap.ranges[0] == (1, count)
    assert (gap.first_at, gap.last_at) == (NOON, NOON + timedelta(seconds=count - 1))


def test_alarms_give_way_last_only_low_ones_that_are_over_and_never_their_last_word(store: NodeStore) -> None:
    over = [condition(Severity.LOW, over=True) for _ in range(40)]
    still_open = condition(Severity.LOW, over=False)
    grave = condition(Severity.MEDIUM, over=True)
    for one in (*over, still_open, grave):
        queue(store, *one)
    clip(store, 1)
    photo(store, 2)
    with store.transaction() as tx:
        tx.put_state("ballast of the test", "x", bytes(3 * MIB))
    assert set(evicted(store)) == {"alarm", "evidence"}
    kept = [event.body() for event in store.batch(Series.ALARM, limit=10**6, limit_bytes=10**9)]
    left = [(body.condition_id, body.rev) for body in kept if isinstance(body, Condition)]
    wanted = [(one[-1].condition_id, 3) for one in over]
    wanted += [(one.condition_id, one.rev) for one in (*still_open, *grave)]
    assert left == wanted


def test_health_reports_give_way_after_telemetry_and_before_clips(store: NodeStore) -> None:
    telemetry(store, 2)
    clip(store, 1)
    for _ in range(3):
        with store.transaction() as tx:
            tx.put_state("ballast of the test", "x", bytes(2 * MIB))
            for _ in range(500):
                tx.queue(a_health("x" * 500), NOON)
    assert set(evicted(store)) == {"telemetry", "health"}


def test_refused_messages_and_all_but_the_latest_damaged_store_go_before_anything_counts(
    store: NodeStore, tmp_path: Path
) -> None:
    for day in ("2026-01-01", "2026-01-02"):
        (tmp_path / "damaged" / day).mkdir(parents=True)
        (tmp_path / "damaged" / day / "node.db").write_bytes(bytes(MIB // 2))
    store.close()
    store = opened(tmp_path)
    jpeg = b"refused" * 100
    sha256, path = store.save_photo(jpeg)
    with store.transaction() as tx:
        event = tx.queue(an_evidence(sha256, len(jpeg)), NOON)
    store.refuse(event, "unfit", "no")
    assert path.is_file()
    for number in range(26):
        photo(store, number)
    assert [one.name for one in (tmp_path / "damaged").iterdir()] == ["2026-01-02"]
    assert not path.is_file()
    store.close()


def test_a_gap_that_waits_is_joined_until_it_is_large(store: NodeStore) -> None:
    with store.transaction() as tx:
        for number in range(2 * MOST + 10):
            tx.queue(a_health(str(number)), NOON)
    for seq in range(1, 2 * MOST, 2):  # each other one: no two numbers make one range
        store._book.evict(Series.HEALTH, [seq])
    found = gaps(store, Series.HEALTH)
    assert 2 <= len(found) <= 4
    assert all(len(gap.ranges) <= MOST for gap in found)
    named = [number for gap in found for first, last in gap.ranges for number in range(first, last + 1)]
    assert len(named) == len(set(named)) == evicted(store)["health"]
    assert set(range(1, 2 * MOST, 2)) <= set(named)


def test_pages_that_were_freed_go_back_to_the_disk(store: NodeStore, tmp_path: Path) -> None:
    telemetry(store, 27)
    size = (tmp_path / "telemetry.db").stat().st_size
    for number in range(22):
        photo(store, number)
    assert (tmp_path / "telemetry.db").stat().st_size < size - MIB // 2
    assert set(evicted(store)) == {"telemetry"}


def test_a_settled_answer_about_what_gave_way_meanwhile_counts_nothing_twice(store: NodeStore) -> None:
    with store.transaction() as tx:
        for number in range(10):
            tx.queue(a_health(str(number)), NOON)
    sent = store.batch(Series.HEALTH)
    store._book.evict(Series.HEALTH, [1, 2, 3])
    everything = Committed(series=Series.HEALTH, epoch=store.epoch, ranges=((1, 10),))
    assert store.settle(sent, IngestAnswer(committed=(everything,))).committed == 7
    figures = store.figures().series[Series.HEALTH]
    assert (figures.numbered, figures.accepted, figures.evicted, figures.queued) == (11, 7, 3, 1)
