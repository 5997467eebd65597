from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trustme

from devices.ids import uuid7
from devices.losses import Gap
from devices.messages import DeviceStatus, Series
from edge.errors import TokenMissing
from edge.keep import NodeStore
from edge.send import Pace, Timeouts, Uplink
from tests.edge.fake_cloud import FakeCloud, Fault
from tests.edge.messages_for_tests import NOON, a_condition, a_health, an_evidence

TOKEN = "s3cret-node-token"
QUICK = Pace(first=0.01, longest=0.03, denied=0.03)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = NodeStore.open(tmp_path / "state", "n1", now=lambda: NOON, new_id=uuid7)
    yield store
    store.close()


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud(TOKEN) as cloud:
        yield cloud


class Statuses:
    """What the uplink told, to be waited for."""

    def __init__(self) -> None:
        self.told: list[tuple[DeviceStatus, str]] = []
        self._changed = threading.Condition()

    def __call__(self, status: DeviceStatus, detail: str) -> None:
        with self._changed:
            self.told.append((status, detail))
            self._changed.notify_all()

    def wait(self, status: DeviceStatus, timeout: float = 10.0) -> str:
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.told) and self.told[-1][0] is status, timeout), (
                self.told
            )
            return self.told[-1][1]


@contextmanager
def sending(
    store: NodeStore,
    url: str,
    statuses: Statuses,
    *,
    token: Callable[[], str] = lambda: TOKEN,
    ca_file: str | None = None,
    timeouts: Timeouts | None = None,
) -> Iterator[Uplink]:
    uplink = Uplink(
        store,
        url,
        token,
        ca_file,
        on_status=statuses,
        pace=QUICK,
        timeouts=timeouts or Timeouts(connect=2, read=2, answer=2),
    )
    uplink.start()
    try:
        yield uplink
    finally:
        uplink.stop()
        assert not uplink.alive


def queue(store: NodeStore, alarms: int = 0, healths: int = 0, photos: int = 0) -> None:
    saved = [store.save_photo(f"photo {number}".encode()) for number in range(photos)]
    with store.transaction() as tx:
        for _ in range(alarms):
            tx.queue(a_condition(), NOON)
        for sha256, path in saved:
            tx.queue(an_evidence(sha256, path.stat().st_size), NOON)
        for _ in range(healths):
            tx.queue(a_health(), NOON)


def empty(store: NodeStore) -> bool:
    return all(part.queued == 0 for part in store.figures().series.values())


def settled(store: NodeStore, cloud: FakeCloud) -> bool:
    """The cloud answers before the node settles; give the node the moment it needs."""
    tick = threading.Event()
    for _ in range(500):
        if empty(store):
            return True
        tick.wait(0.01)
    return False


def test_everything_queued_reaches_the_cloud_once_and_the_store_is_empty(
    store: NodeStore, cloud: FakeCloud, tmp_path: Path
) -> None:
    queue(store, alarms=250, healths=30, photos=20)
    statuses = Statuses()
    with sending(store, cloud.url, statuses):
        statuses.wait(DeviceStatus.UP)
        assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == list(range(1, 251))
    assert cloud.book.seqs("evidence") == list(range(1, 21))
    assert cloud.book.seqs("health") == list(range(1, 31))
    assert cloud.book.repeats == 0
    assert len(cloud.book.media) == 20
    assert list((tmp_path / "state" / "evidence").glob("*/*")) == []
    assert [status for status, _ in statuses.told] == [DeviceStatus.UP]


def test_a_wake_sends_at_once(store: NodeStore, cloud: FakeCloud) -> None:
    with sending(store, cloud.url, Statuses()) as uplink:
        for number in range(1, 4):
            queue(store, alarms=1)
            uplink.wake()
            assert cloud.wait(lambda wanted=number: len(cloud.book.seqs("alarm")) == wanted, 2.0)


def test_a_photo_goes_before_its_message(store: NodeStore, cloud: FakeCloud) -> None:
    queue(store, photos=1)
    with sending(store, cloud.url, Statuses()):
        assert settled(store, cloud)
    assert [method for method, _ in cloud.requests] == ["PUT", "POST"]


def test_a_lost_answer_sends_again_and_the_cloud_counts_once(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.faults.extend([Fault(drop_after_commit=True)] * 2)
    queue(store, alarms=5)
    statuses = Statuses()
    with sending(store, cloud.url, statuses):
        assert settled(store, cloud)
        statuses.wait(DeviceStatus.UP)
    assert cloud.book.seqs("alarm") == [1, 2, 3, 4, 5]
    assert cloud.book.repeats >= 5


def test_a_cloud_in_trouble_is_told_once_each_way_and_nothing_is_lost(
    store: NodeStore, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cloud.constant = Fault(503)
    queue(store, alarms=3, healths=3, photos=2)
    statuses = Statuses()
    with sending(store, cloud.url, statuses):
        assert "HTTP 503" in statuses.wait(DeviceStatus.STALLED)
        assert cloud.wait(lambda: len(cloud.requests) > 6)
        cloud.constant = None
        statuses.wait(DeviceStatus.UP)
        assert settled(store, cloud)
    assert [status for status, _ in statuses.told] == [DeviceStatus.STALLED, DeviceStatus.UP]
    assert len([record for record in caplog.records if record.name.startswith("edge.send")]) == 2
    assert cloud.book.seqs("alarm") == [1, 2, 3]


def test_retry_after_is_honoured(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.faults.append(Fault(429, {"Retry-After": "30"}))
    queue(store, alarms=1)
    with sending(store, cloud.url, Statuses()):
        assert cloud.wait(lambda: len(cloud.requests) == 1)
        assert not cloud.wait(lambda: len(cloud.requests) > 1, 0.3)  # without it: ten attempts in this time


def test_a_half_open_line_loses_nothing(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.constant = Fault(silent=True)
    queue(store, alarms=20, photos=1)
    statuses = Statuses()
    with sending(store, cloud.url, statuses, timeouts=Timeouts(connect=0.3, read=0.3, answer=1)):
        assert "does not answer" in statuses.wait(DeviceStatus.STALLED)
        assert store.figures().series[Series.ALARM].queued == 20
        cloud.constant = None
        assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == list(range(1, 21))


def test_nobody_at_the_address_is_unreachable_and_later_found(store: NodeStore) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    queue(store, alarms=1)
    statuses = Statuses()
    with sending(store, url, statuses):
        assert url in statuses.wait(DeviceStatus.UNREACHABLE)
    assert store.figures().series[Series.ALARM].queued == 1


def test_a_wrong_token_is_told_without_showing_it_and_a_new_one_is_picked_up(
    store: NodeStore, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "wr0ng-token"
    tokens = [wrong]
    queue(store, alarms=1, photos=1)
    statuses = Statuses()
    with sending(store, cloud.url, statuses, token=lambda: tokens[-1]):
        assert statuses.wait(DeviceStatus.REFUSED) == "the cloud does not take this node's token"
        tokens.append(TOKEN)
        statuses.wait(DeviceStatus.UP)
        assert settled(store, cloud)
    shown = caplog.text + str(statuses.told)
    assert wrong not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize("bad", ["", "two words", "line\r\nInjected: yes", "tóken"])
def test_a_token_no_header_can_carry_is_never_shown(
    store: NodeStore, cloud: FakeCloud, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    queue(store, alarms=1)
    statuses = Statuses()
    with sending(store, cloud.url, statuses, token=lambda: bad):
        sentence = statuses.wait(DeviceStatus.REFUSED)
    assert cloud.requests == []
    assert not bad or bad not in sentence + caplog.text


def test_a_missing_token_is_told_and_the_uplink_lives_on(store: NodeStore, cloud: FakeCloud) -> None:
    def token() -> str:
        raise TokenMissing("set GRIDWATCH_NODE_TOKEN")

    queue(store, alarms=1)
    statuses = Statuses()
    with sending(store, cloud.url, statuses, token=token) as uplink:
        assert "GRIDWATCH_NODE_TOKEN" in statuses.wait(DeviceStatus.REFUSED)
        assert uplink.alive


def gaps(cloud: FakeCloud) -> dict[tuple[str, int], object]:
    bodies = {(event.series.value, event.seq): event.body() for event in cloud.book.events.values()}
    return {place: body.ranges for place, body in bodies.items() if isinstance(body, Gap)}


def test_one_poisonous_message_in_a_batch_is_set_aside_alone(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.unreadable = lambda events: any(event.seq == 13 for event in events)
    queue(store, alarms=40)
    with sending(store, cloud.url, Statuses()):
        assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == [seq for seq in range(1, 42) if seq != 13]
    assert gaps(cloud) == {("alarm", 41): ((13, 13),)}
    assert store.figures().series[Series.ALARM].evicted == 1
    assert len(cloud.requests) < 20


@pytest.mark.parametrize("status", [400, 413, 422, 200, 302, 404])
def test_a_box_in_between_that_answers_for_the_cloud_condemns_nothing(
    store: NodeStore, cloud: FakeCloud, status: int
) -> None:
    cloud.constant = Fault(status, body=b"<html>Please log in</html>", media_type="text/html")
    queue(store, alarms=3, photos=1)
    statuses = Statuses()
    with sending(store, cloud.url, statuses):
        statuses.wait(DeviceStatus.STALLED)
        assert cloud.wait(lambda: len(cloud.requests) > 4)
        figures = store.figures().series
        assert (figures[Series.ALARM].queued, figures[Series.EVIDENCE].queued) == (3, 1)
        cloud.constant = None
        assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == [1, 2, 3]


def test_the_token_does_not_follow_a_redirect(store: NodeStore, cloud: FakeCloud) -> None:
    with FakeCloud(TOKEN) as elsewhere:
        cloud.constant = Fault(307, {"Location": f"{elsewhere.url}/api/v1/ingest"})
        queue(store, alarms=1)
        statuses = Statuses()
        with sending(store, cloud.url, statuses):
            statuses.wait(DeviceStatus.STALLED)
        assert elsewhere.requests == []


def test_an_answer_without_end_is_cut(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.constant = Fault(200, body=b" " * (1024 * 1024 + 1), media_type="application/json")
    queue(store, alarms=1)
    statuses = Statuses()
    with sending(store, cloud.url, statuses):
        assert "more than" in statuses.wait(DeviceStatus.STALLED)


def test_a_photo_that_vanished_from_the_disk_stops_nobody(store: NodeStore, cloud: FakeCloud) -> None:
    queue(store, photos=3)
    lost = store.batch(Series.EVIDENCE)[1].data["sha256"]
    store._photos.path(lost).unlink()
    with sending(store, cloud.url, Statuses()):
        assert settled(store, cloud)
    assert cloud.book.seqs("evidence") == [1, 3, 4]
    assert gaps(cloud) == {("evidence", 4): ((2, 2),)}
    assert store.figures().series[Series.EVIDENCE].evicted == 1


def test_a_photo_that_rotted_on_the_disk_stops_nobody(store: NodeStore, cloud: FakeCloud) -> None:
    queue(store, photos=2)
    rotten = store.batch(Series.EVIDENCE)[0].data["sha256"]
    store._photos.path(rotten).write_bytes(b"rot")
    with sending(store, cloud.url, Statuses()):
        assert settled(store, cloud)
    assert cloud.book.seqs("evidence") == [2, 3]
    assert gaps(cloud) == {("evidence", 3): ((1, 1),)}


def test_photos_that_the_cloud_cannot_store_delay_neither_alarms_nor_health(
    store: NodeStore, cloud: FakeCloud
) -> None:
    answer = cloud._answer

    def full(method: str, *rest: object) -> tuple[int, dict[str, str], bytes]:
        return (507, {}, b"") if method == "PUT" else answer(method, *rest)  # type: ignore[arg-type]

    cloud._answer = full  # type: ignore[method-assign, assignment]
    queue(store, alarms=3, photos=2, healths=3)
    with sending(store, cloud.url, Statuses()):
        assert cloud.wait(lambda: len(cloud.book.seqs("alarm")) == 3 and len(cloud.book.seqs("health")) == 3)
    assert store.figures().series[Series.EVIDENCE].queued == 2


def test_messages_the_cloud_leaves_open_do_not_block_those_behind(store: NodeStore, cloud: FakeCloud) -> None:
    cloud.book.refuse = lambda event: "media_missing" if event.seq <= 16 else None
    queue(store, photos=20)
    with sending(store, cloud.url, Statuses()):
        assert cloud.wait(lambda: cloud.book.seqs("evidence") == [17, 18, 19, 20])
        cloud.book.refuse = lambda event: None
        assert settled(store, cloud)


def test_https_with_an_own_authority_works_and_with_the_systems_is_refused(
    store: NodeStore, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    queue(store, alarms=2)
    with FakeCloud(TOKEN, tls=context) as cloud:
        statuses = Statuses()
        with sending(store, cloud.url, statuses):
            assert "certificate" in statuses.wait(DeviceStatus.UNREACHABLE)
        assert cloud.requests == []
        with sending(store, cloud.url, statuses, ca_file=str(ca_file)):
            statuses.wait(DeviceStatus.UP)
            assert settled(store, cloud)
    assert cloud.book.seqs("alarm") == [1, 2]


def test_a_ca_file_that_is_not_there_is_told(store: NodeStore, tmp_path: Path) -> None:
    queue(store, alarms=1)
    statuses = Statuses()
    with sending(store, "https://localhost:1", statuses, ca_file=str(tmp_path / "none.pem")):
        assert "cannot be asked" in statuses.wait(DeviceStatus.UNREACHABLE)
