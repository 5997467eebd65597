from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.losses import Gap
from devices.messages import Committed, Evidence, IngestAnswer, Refusal, Series, envelope
from edge.errors import StoreBusy, StoreError, StoreForeign
from edge.keep import NodeStore
from edge.keep.heard import BOOTS
from edge.keep.schema import NODE
from edge.keep.transaction import LARGEST_EVENT
from tests.edge.messages_for_tests import NOON, a_condition, a_health, an_evidence


def opened(directory: Path, node: str = "n1") -> NodeStore:
    return NodeStore.open(directory, node, now=lambda: NOON, new_id=uuid7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = opened(tmp_path)
    yield store
    store.close()


def queue_health(store: NodeStore, count: int) -> None:
    with store.transaction() as tx:
        for number in range(count):
            tx.queue(a_health(str(number)), NOON)


def everything(store: NodeStore, series: Series) -> IngestAnswer:
    return IngestAnswer(committed=(Committed(series=series, epoch=store.epoch, ranges=((1, 10**9),)),))


def test_each_series_is_numbered_from_one_without_gaps(store: NodeStore) -> None:
    with store.transaction() as tx:
        seqs = [tx.queue(body, NOON).seq for body in (a_condition(), a_health(), a_condition(), a_health())]
    assert seqs == [1, 1, 2, 2]


def test_an_event_carries_its_place_in_the_ledger(store: NodeStore) -> None:
    with store.transaction() as tx:
        queued = tx.queue(a_condition(), NOON, clock_offset=0.5)
    (found,) = store.batch(Series.ALARM)
    assert found == queued
    assert (found.node, found.epoch, found.series, found.seq) == ("n1", store.epoch, Series.ALARM, 1)
    assert found.clockoffset == 0.5
    assert found.id.version == 7


def test_a_failed_transaction_leaves_neither_state_nor_message_nor_number(store: NodeStore) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.put_state("slot", "a", b"1")
        tx.mark_reading("s", "b", 1)
        tx.queue(a_health(), NOON)
        raise ZeroDivisionError
    assert store.states("slot") == {}
    assert store.batch(Series.HEALTH) == []
    with store.transaction() as tx:
        assert tx.queue(a_health(), NOON).seq == 1
        assert tx.mark_reading("s", "b", 1)


def test_a_swallowed_failure_still_undoes_the_whole_transaction(store: NodeStore) -> None:
    with pytest.raises(StoreError, match="undone"), store.transaction() as tx:
        tx.queue(a_health(), NOON)
        with pytest.raises(StoreError, match="save_photo"):
            tx.queue(an_evidence("0" * 64, 3), NOON)
    assert store.figures().series[Series.HEALTH].next_seq == 1


def test_a_transaction_is_of_no_use_after_its_block(store: NodeStore) -> None:
    with store.transaction() as tx:
        pass
    with pytest.raises(StoreError, match="over"):
        tx.put_state("slot", "a", b"1")


def test_a_transaction_inside_a_transaction_is_refused_and_harms_nothing(store: NodeStore) -> None:
    with store.transaction() as tx:
        tx.put_state("slot", "a", b"1")
        with pytest.raises(StoreError, match="already inside"), store.transaction():
            pytest.fail("not reached")
    assert store.states("slot") == {"a": b"1"}


def test_states_are_replaced_deleted_and_kept_apart_by_kind(store: NodeStore) -> None:
    with store.transaction() as tx:
        tx.put_state("slot", "a", b"1")
        tx.put_state("slot", "a", b"2")
        tx.put_state("slot", "b", b"3")
        tx.put_state("rule", "a", b"4")
        tx.delete_state("slot", "b")
        tx.delete_state("slot", "never there")
    assert store.states("slot") == {"a": b"2"}
    assert store.states("rule") == {"a": b"4"}


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with first.transaction() as tx:
        tx.put_state("slot", "a", b"1")
        event = tx.queue(a_condition(), NOON)
        tx.mark_reading("s", "b", 7)
    epoch = first.epoch
    first.close()
    again = opened(tmp_path)
    assert again.epoch == epoch
    assert again.damaged == ()
    assert again.states("slot") == {"a": b"1"}
    assert again.batch(Series.ALARM) == [event]
    with again.transaction() as tx:
        assert tx.queue(a_condition(), NOON).seq == 2
        assert not tx.mark_reading("s", "b", 7)
    again.close()


def test_numbers_go_on_after_everything_was_delivered_and_the_node_restarted(tmp_path: Path) -> None:
    first = opened(tmp_path)
    queue_health(first, 3)
    first.settle(first.batch(Series.HEALTH), everything(first, Series.HEALTH))
    first.close()
    again = opened(tmp_path)
    with again.transaction() as tx:
        assert tx.queue(a_health(), NOON).seq == 4
    again.close()


def test_a_second_process_is_refused_with_the_pid_of_the_first(store: NodeStore, tmp_path: Path) -> None:
    with pytest.raises(StoreBusy, match=r"pid \d+"):
        opened(tmp_path)


def test_another_nodes_directory_is_refused_and_left_alone(tmp_path: Path) -> None:
    first = opened(tmp_path)
    queue_health(first, 1)
    first.close()
    with pytest.raises(StoreForeign, match=r"'n1'.*'n2'"):
        opened(tmp_path, "n2")
    again = opened(tmp_path)
    assert len(again.batch(Series.HEALTH)) == 1
    again.close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        opened(tmp_path / "file" / "state")


def test_a_batch_keeps_to_its_count_and_its_bytes_but_is_never_empty(store: NodeStore) -> None:
    with store.transaction() as tx:
        for _ in range(5):
            tx.queue(a_health("x" * 400), NOON)
    assert [event.seq for event in store.batch(Series.HEALTH, limit=2)] == [1, 2]
    assert [event.seq for event in store.batch(Series.HEALTH, after=2)] == [3, 4, 5]
    assert [event.seq for event in store.batch(Series.HEALTH, limit_bytes=1)] == [1]
    size = len(store.batch(Series.HEALTH, limit=1)[0].model_dump_json())
    assert len(store.batch(Series.HEALTH, limit_bytes=3 * size + 3)) == 3


def test_an_absurdly_large_message_is_refused_at_the_door(store: NodeStore) -> None:
    body = a_condition(label="x" * LARGEST_EVENT)
    with pytest.raises(StoreError, match="larger"), store.transaction() as tx:
        tx.queue(body, NOON)
    assert store.figures().series[Series.ALARM].next_seq == 1


def test_only_what_the_answer_names_is_deleted(store: NodeStore) -> None:
    queue_health(store, 5)
    answer = IngestAnswer(
        committed=(Committed(series=Series.HEALTH, epoch=store.epoch, ranges=((1, 2), (5, 5))),)
    )
    settled = store.settle(store.batch(Series.HEALTH), answer)
    assert (settled.committed, settled.refused, settled.waiting) == (3, 0, 2)
    assert [event.seq for event in store.batch(Series.HEALTH)] == [3, 4]


def test_an_answer_cannot_delete_what_was_not_sent(store: NodeStore) -> None:
    queue_health(store, 5)
    store.settle(store.batch(Series.HEALTH, limit=2), everything(store, Series.HEALTH))
    assert [event.seq for event in store.batch(Series.HEALTH)] == [3, 4, 5]


def test_an_answer_about_another_epoch_moves_nothing(store: NodeStore) -> None:
    queue_health(store, 2)
    answer = IngestAnswer(committed=(Committed(series=Series.HEALTH, epoch=uuid7(), ranges=((1, 2),)),))
    assert store.settle(store.batch(Series.HEALTH), answer).waiting == 2
    assert len(store.batch(Series.HEALTH)) == 2


def test_the_same_answer_twice_counts_once(store: NodeStore) -> None:
    queue_health(store, 2)
    sent = store.batch(Series.HEALTH)
    assert store.settle(sent, everything(store, Series.HEALTH)).committed == 2
    assert store.settle(sent, everything(store, Series.HEALTH)).committed == 0
    assert store.figures().series[Series.HEALTH].accepted == 2


def test_a_refused_message_is_set_aside_and_one_without_media_stays(store: NodeStore) -> None:
    queue_health(store, 2)
    sent = store.batch(Series.HEALTH)
    settled = store.settle(
        sent,
        IngestAnswer(
            refused=(
                Refusal(series=Series.HEALTH, epoch=store.epoch, seq=1, code="invalid", reason="no"),
                Refusal(series=Series.HEALTH, epoch=store.epoch, seq=2, code="media_missing", reason="later"),
            )
        ),
    )
    assert (settled.committed, settled.refused, settled.waiting) == (0, 1, 1)
    assert [event.seq for event in store.batch(Series.HEALTH)] == [2]
    figures = store.figures().series[Series.HEALTH]
    assert (figures.next_seq, figures.queued, figures.accepted, figures.refused) == (3, 1, 0, 1)


def test_a_row_that_no_version_can_read_is_set_aside_and_not_in_the_way(
    store: NodeStore, tmp_path: Path
) -> None:
    queue_health(store, 3)
    store._book.connection.execute("UPDATE outbox SET event = '{}' WHERE seq = 2")
    assert [event.seq for event in store.batch(Series.HEALTH)] == [1, 3]
    gap = store.batch(Series.HEALTH)[-1].body()
    assert isinstance(gap, Gap)
    assert (gap.ranges, gap.cause) == (((2, 2),), "unreadable")
    figures = store.figures().series[Series.HEALTH]
    assert (figures.numbered, figures.queued, figures.evicted, figures.missing) == (4, 3, 1, 0)


def test_figures_tell_the_age_of_the_oldest(store: NodeStore) -> None:
    with store.transaction() as tx:
        tx.queue(a_health(), NOON)
        tx.queue(a_health(), NOON + timedelta(seconds=5))
    figures = store.figures()
    assert figures.series[Series.HEALTH].oldest == NOON
    assert figures.series[Series.HEALTH].oldest_age_s(NOON + timedelta(minutes=1)) == 60
    assert figures.series[Series.ALARM].oldest_age_s(NOON) == 0
    assert figures.database_bytes > 0
    assert figures.node == "n1"


def test_runs_of_a_sensor_are_remembered_up_to_a_bound(store: NodeStore) -> None:
    with store.transaction() as tx:
        for boot in range(BOOTS + 3):
            assert tx.mark_reading("s", f"boot{boot}", 1)
            assert tx.mark_reading("other", f"boot{boot}", 1)
        assert not tx.mark_reading("s", f"boot{BOOTS + 2}", 1)
        assert not tx.mark_reading("s", "boot3", 1)
    rows = store._book.connection.execute("SELECT count(*) FROM heard WHERE sensor = 's'").fetchone()[0]
    assert rows == BOOTS


def test_threads_that_write_and_settle_at_once_lose_nothing(store: NodeStore) -> None:
    def write() -> None:
        for _ in range(20):
            queue_health(store, 1)

    taken: list[int] = []
    done = threading.Event()

    def send() -> None:
        while True:
            finished = done.is_set()
            batch = store.batch(Series.HEALTH, limit=7)
            if not batch and finished:
                return
            store.settle(batch, everything(store, Series.HEALTH))
            taken.extend(event.seq for event in batch)

    writers = [threading.Thread(target=write) for _ in range(3)]
    sender = threading.Thread(target=send)
    for thread in (*writers, sender):
        thread.start()
    for thread in writers:
        thread.join(30)
    done.set()
    sender.join(30)
    assert taken == list(range(1, 61))


def test_a_store_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    condition, photo = a_condition(), an_evidence("ab" * 32, 5)
    with closing(sqlite3.connect(tmp_path / "node.db", isolation_level=None)) as old:
        old.executescript(NODE.migrations[0])
        old.execute("PRAGMA user_version = 1")
        epoch = uuid7()
        old.executemany("INSERT INTO meta VALUES (?, ?)", [("node", "n1"), ("epoch", str(epoch))])
        old.executemany("INSERT INTO series VALUES (?, ?, ?)", [("alarm", 4, 1), ("health", 1, 0)])
        old.executemany("INSERT INTO series VALUES (?, ?, ?)", [("evidence", 2, 0), ("telemetry", 1, 0)])
        for body, seq in ((condition, 2), (photo, 1)):
            event = envelope(body, event_id=uuid7(), node="n1", epoch=epoch, seq=seq, time=NOON)
            sha256 = body.sha256 if isinstance(body, Evidence) else None
            old.execute(
                "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)",
                (event.series, seq, str(event.id), NOON.isoformat(), sha256, event.model_dump_json()),
            )
        old.execute(
            "INSERT INTO refused VALUES ('alarm', 3, 'x', ?1, NULL, '{}', ?1, 'invalid', 'no')",
            (NOON.isoformat(),),
        )
    store = opened(tmp_path)
    figures = store.figures().series
    assert list(figures) == [Series.ALARM, Series.EVIDENCE, Series.HEALTH, Series.TELEMETRY]
    alarm = figures[Series.ALARM]
    assert (alarm.numbered, alarm.accepted, alarm.refused, alarm.queued, alarm.missing) == (3, 1, 1, 1, 0)
    assert store.epoch == epoch
    rows = store._book.connection.execute("SELECT kind, condition FROM outbox ORDER BY series").fetchall()
    assert rows == [("", str(condition.condition_id)), ("present", str(photo.condition_id))]
    assert store._book.connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2
    store.close()


def test_a_gap_that_no_cloud_can_read_is_set_aside_and_not_followed_by_a_gap_about_it(
    store: NodeStore,
) -> None:
    queue_health(store, 1)
    store.refuse(store.batch(Series.HEALTH)[0], "unfit", "cannot be read")
    (gap,) = store.batch(Series.HEALTH)
    store.refuse(gap, "unfit", "cannot be read either")
    assert store.batch(Series.HEALTH) == []
    figures = store.figures().series[Series.HEALTH]
    assert (figures.numbered, figures.evicted, figures.refused, figures.missing) == (2, 1, 1, 0)
