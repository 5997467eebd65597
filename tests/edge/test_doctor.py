from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from devices.ids import uuid7
from devices.messages import IngestAnswer, Refusal, Series
from edge import doctor
from edge.keep import NodeStore
from tests.edge.messages_for_tests import NOON, a_condition, a_health, an_evidence
from tests.edge.test_keep_telemetry import readings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = NodeStore.open(tmp_path / "n1", "n1", now=lambda: NOON, new_id=uuid7)
    photos = [store.save_photo(f"photo {number}".encode())[0] for number in range(2)]
    with store.transaction() as tx:
        for number, sha256 in enumerate(photos):
            tx.queue(a_condition(), NOON)
            tx.queue(an_evidence(sha256, 7 + number), NOON)
            tx.queue(a_health(), NOON)
    refusal = Refusal(series=Series.HEALTH, epoch=store.epoch, seq=1, code="invalid", reason="told so")
    store.settle(store.batch(Series.HEALTH), IngestAnswer(refused=(refusal,)))
    yield store
    store.close()


def examined(directory: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    doctor.configure(parser)
    code = doctor.run(parser.parse_args(["--state", str(directory), *more]))
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def as_json(directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code, text = examined(directory, capsys, "--json")
    return code, json.loads(text)


def test_a_sound_store_is_called_sound_while_the_node_runs(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = examined(tmp_path / "n1", capsys)
    assert code == 0
    assert "sound" in text
    assert "NOT" not in text
    assert "2026-03-01T12:00:00Z: health 1, invalid: told so" in text
    assert str(store.epoch) in text


def test_a_sound_store_is_called_sound_when_the_node_is_down(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    code, found = as_json(tmp_path / "n1", capsys)
    assert code == 0
    assert found["sound"] is True
    assert found["node"] == "n1"
    alarm, health = found["series"]["alarm"], found["series"]["health"]
    assert (alarm["numbered"], alarm["accepted"], alarm["refused"], alarm["waiting"]) == (2, 0, 0, 2)
    assert (health["numbered"], health["accepted"], health["refused"], health["waiting"]) == (2, 0, 1, 1)
    assert found["refused"][0]["code"] == "invalid"


def test_a_photo_saved_and_not_yet_queued_is_no_fault(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.save_photo(b"on its way")
    assert examined(tmp_path / "n1", capsys)[0] == 0


def a_gap(directory: Path, sql: sqlite3.Connection) -> None:
    sql.execute("DELETE FROM outbox WHERE series = 'alarm' AND seq = 1")


def a_number_given_twice(directory: Path, sql: sqlite3.Connection) -> None:
    sql.execute("UPDATE series SET next = 2, accepted = -1 + accepted WHERE name = 'alarm'")


def a_row_of_two_minds(directory: Path, sql: sqlite3.Connection) -> None:
    sql.execute("UPDATE outbox SET seq = 9 WHERE series = 'alarm' AND seq = 1")
    sql.execute("UPDATE series SET next = 10, accepted = 7 WHERE name = 'alarm'")


def a_lost_photo(directory: Path, sql: sqlite3.Connection) -> None:
    next((directory / "evidence").glob("*/*.jpg")).unlink()


def a_rotten_photo(directory: Path, sql: sqlite3.Connection) -> None:
    next((directory / "evidence").glob("*/*.jpg")).write_bytes(b"rot")


def an_orphan_row(directory: Path, sql: sqlite3.Connection) -> None:
    sql.execute("PRAGMA foreign_keys = OFF")
    sql.execute("UPDATE outbox SET series = 'gossip' WHERE series = 'alarm' AND seq = 2")


def an_unreadable_message(directory: Path, sql: sqlite3.Connection) -> None:
    sql.execute("UPDATE outbox SET event = '{' WHERE series = 'alarm' AND seq = 2")


def another_photo(directory: Path, sql: sqlite3.Connection) -> None:
    sql.execute("UPDATE outbox SET photo = NULL WHERE series = 'evidence' AND seq = 2")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (a_gap, "2 were numbered"),
        (a_number_given_twice, "number 2 is in use"),
        (a_row_of_two_minds, "alarm 9: the message says"),
        (a_lost_photo, "cannot be read: No such file"),
        (a_rotten_photo, "not what its name says"),
        (an_orphan_row, "names a series that is not there"),
        (an_unreadable_message, "alarm 2: the message cannot be read"),
        (another_photo, "names another photo"),
    ],
)
def test_each_broken_invariant_is_found_and_named(
    store: NodeStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    harm: Callable[[Path, sqlite3.Connection], None],
    words: str,
) -> None:
    store._book.connection.execute("PRAGMA ignore_check_constraints = ON")
    harm(tmp_path / "n1", store._book.connection)
    code, text = examined(tmp_path / "n1", capsys)
    assert code == 1
    assert "NOT SOUND" in text
    assert words in text


def test_a_damaged_file_is_a_fault_and_stays_where_it_is(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    path = tmp_path / "n1" / "node.db"
    damaged = bytearray(path.read_bytes())
    damaged[4096:12288] = b"\xa5" * 8192
    path.write_bytes(damaged)
    code, found = as_json(tmp_path / "n1", capsys)
    assert code == 1
    assert found["sound"] is False
    assert found["faults"]
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("content", [None, b"no database at all" * 100])
def test_a_directory_without_a_store_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "node.db").write_bytes(content)
    code, text = examined(tmp_path, capsys)
    assert code == 1
    assert str(tmp_path) in text
    assert "Traceback" not in text


def test_a_store_set_aside_earlier_is_mentioned(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "n1" / "damaged" / "20260301T120000Z").mkdir(parents=True)
    code, text = examined(tmp_path / "n1", capsys)
    assert code == 0
    assert "20260301T120000Z" in text


def test_doctor_says_what_the_clouds_ledger_says_of_every_series(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.keep_readings(readings(*range(502)))
    first = store.batch(Series.ALARM)[0]
    store.refuse(first, "unfit", "cannot be read")
    code, found = as_json(tmp_path / "n1", capsys)
    assert code == 0
    names = ["numbered", "sent", "accepted", "refused", "evicted", "waiting", "missing"]
    told = {name: [part[one] for one in names] for name, part in found["series"].items()}
    assert told["alarm"] == [3, 0, 0, 0, 1, 2, 0]
    assert told["health"] == [2, 1, 0, 1, 0, 1, 0]
    assert told["telemetry"] == [1, 0, 0, 0, 0, 1, 0]
    assert found["unnumbered_readings"] == 2
    assert found["series"]["telemetry"]["epoch"] == str(store.epoch_of(Series.TELEMETRY))
    assert {one["code"] for one in found["refused"]} == {"invalid", "unfit"}


def test_faults_in_the_telemetry_are_found_and_the_rest_is_still_counted(
    store: NodeStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    with closing(sqlite3.connect(tmp_path / "n1" / "telemetry.db", isolation_level=None)) as sql:
        sql.execute("UPDATE series SET next = 5")
    code, found = as_json(tmp_path / "n1", capsys)
    assert code == 1
    assert found["faults"][0].startswith("telemetry.db: telemetry: 4 were numbered")
    assert found["series"]["telemetry"]["missing"] == 4
    (tmp_path / "n1" / "telemetry.db").write_bytes(b"rubbish" * 1000)
    code, found = as_json(tmp_path / "n1", capsys)
    assert code == 1
    assert found["series"]["alarm"]["waiting"] == 2
