from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.messages import Committed, Event, IngestAnswer, Refusal, Series, envelope
from edge.keep.ledger import LATER, halves, judge
from tests.edge.messages_for_tests import NOON, a_health

OURS, OTHER = uuid7(), uuid7()


def event(seq: int) -> Event:
    return envelope(a_health(), event_id=uuid7(), node="n1", epoch=OURS, seq=seq, time=NOON)


SENT = [event(seq) for seq in range(1, 8)]
numbers = st.integers(0, 9)
epochs: st.SearchStrategy[UUID] = st.sampled_from([OURS, OTHER])
series = st.sampled_from([Series.HEALTH, Series.ALARM])
commits = st.builds(
    Committed,
    series=series,
    epoch=epochs,
    ranges=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
)
refusals = st.builds(
    Refusal,
    series=series,
    epoch=epochs,
    seq=numbers,
    code=st.sampled_from(["invalid", "media_missing"]),
    reason=st.just("no"),
)
answers = st.builds(
    IngestAnswer,
    committed=st.lists(commits, max_size=3).map(tuple),
    refused=st.lists(refusals, max_size=3).map(tuple),
)


@given(answers)
def test_every_sent_event_gets_one_fate_and_only_for_a_reason(answer: IngestAnswer) -> None:
    verdict = judge(SENT, answer)
    fates = [*verdict.committed, *(event for event, _ in verdict.refused), *verdict.waiting]
    assert sorted(event.seq for event in fates) == [event.seq for event in SENT]
    ours = [(r.seq, r.code) for r in answer.refused if r.series is Series.HEALTH and r.epoch == OURS]
    for sent in verdict.committed:
        assert any(
            first <= sent.seq <= last
            for part in answer.committed
            if part.series is Series.HEALTH and part.epoch == OURS
            for first, last in part.ranges
        )
        assert sent.seq not in [seq for seq, _ in ours]
    for sent, refusal in verdict.refused:
        assert (sent.seq, refusal.code) in ours
        assert refusal.code not in LATER


@given(st.integers(2, 50))
def test_halves_are_both_smaller_and_together_the_whole(size: int) -> None:
    batch = [event(seq) for seq in range(1, size + 1)]
    first, second = halves(batch)
    assert first
    assert second
    assert [*first, *second] == batch
