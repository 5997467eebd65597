"""A node's store on a disk of a few MiB: `unshare -m python -m tests.edge.full_disk_for_tests DIR SCENE`.

It mounts a small tmpfs on DIR, which nobody else sees and which goes with the process, and plays one scene.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from devices.ids import uuid7
from devices.messages import Committed, IngestAnswer, Series
from edge.doctor import examine
from edge.errors import StoreFull
from edge.keep import NodeStore
from tests.edge.messages_for_tests import NOON, a_condition, a_health
from tests.edge.test_keep_quota import evicted, photo, telemetry
from tests.edge.test_keep_telemetry import readings

MIB = 1024 * 1024
SIZE = 16 * MIB


def opened(directory: Path) -> NodeStore:
    return NodeStore.open(directory / "state", "n1", now=lambda: NOON, new_id=uuid7)


def fill(directory: Path, leave: int = 0) -> Path:
    """Somebody else takes what room there is."""
    path = directory / "somebody else's"
    with path.open("ab", buffering=0) as file:
        for size in (64 * 1024, 4096, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
        file.truncate(max(0, path.stat().st_size - leave))
    return path


def refuses_everything(store: NodeStore) -> None:
    """Until the store has said no to each kind of write."""
    work: dict[str, Callable[[int], object]] = {
        "alarm": lambda number: one_alarm(store),
        "photo": lambda number: photo(store, number),
        "reading": lambda number: store.keep_readings(readings(*range(100), boot=str(number))),
    }
    said = set()
    for number in range(2000):
        for name, one in work.items():
            try:
                one(number)
            except StoreFull:
                said.add(name)
        if said == work.keys():
            return
    raise AssertionError(f"the disk never was full for all: {said}")


def one_alarm(store: NodeStore) -> None:
    with store.transaction() as tx:
        tx.queue(a_condition(label="x" * 3000), NOON)


def telemetry_gives_way_to_alarms(directory: Path) -> None:
    store = opened(directory)
    telemetry(store, 20)
    fill(directory)
    kept = 0
    for _ in range(2000):
        try:
            one_alarm(store)
        except StoreFull:
            continue
        kept += 1
        if kept == 600:
            break
    assert kept == 600
    assert evicted(store).keys() == {"telemetry"}
    figures = store.figures().series[Series.ALARM]
    assert (figures.numbered, figures.queued) == (kept, kept)
    store.close()


def nothing_may_go_and_the_node_goes_on(directory: Path) -> None:
    store = opened(directory)
    one_alarm(store)
    room = fill(directory)
    refuses_everything(store)
    before = store.figures().series[Series.ALARM]
    assert before.missing == 0
    store.close()
    store = opened(directory)  # it starts on a full disk, too
    assert store.figures().series[Series.ALARM] == before
    room.unlink()
    one_alarm(store)
    assert store.keep_readings(readings(1, boot="last")) == 1
    photo(store, 99_999)
    assert store.figures().series[Series.ALARM].numbered == before.numbered + 1
    store.close()


def answers_are_settled_on_a_full_disk(directory: Path) -> None:
    store = opened(directory)
    with store.transaction() as tx:
        for number in range(1000):
            tx.queue(a_health(str(number)), NOON)
    fill(directory)
    sent = store.batch(Series.HEALTH, limit=1000)
    done = Committed(series=Series.HEALTH, epoch=store.epoch, ranges=((1, 1000),))
    assert store.settle(sent, IngestAnswer(committed=(done,))).committed == len(sent)
    store.close()


SCENES: dict[str, Callable[[Path], None]] = {
    scene.__name__: scene
    for scene in (
        telemetry_gives_way_to_alarms,
        nothing_may_go_and_the_node_goes_on,
        answers_are_settled_on_a_full_disk,
    )
}


def main(directory: Path, scene: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", directory], check=True)
    SCENES[scene](directory)
    assert examine(directory / "state").faults == ()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
