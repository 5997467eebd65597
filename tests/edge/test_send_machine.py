"""Whatever is written, crashes and is sent: nothing committed is lost, nothing settled comes again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from devices.ids import uuid7
from devices.losses import Gap
from devices.messages import Event, Series
from edge.errors import CloudUnreachable, UplinkError
from edge.keep import NodeStore, SeriesFigures
from edge.send.client import Reply
from edge.send.courier import Courier
from edge.send.lanes import Share
from tests.edge.fake_cloud import Book, Whole
from tests.edge.messages_for_tests import NOON, a_condition, a_health, an_evidence

GAP = "gridwatch.gap.v1"
SERIES = (Series.ALARM, Series.EVIDENCE, Series.HEALTH)
PROBLEM = "application/problem+json"


def share(series: Series) -> Share:
    """All of a series that this test queues."""
    return Share(series, clips=False if series is Series.EVIDENCE else None)


class Line(Whole):
    """A cloud without a network whose next answers can go wrong; whole batches with a poison id are 422."""

    def __init__(self) -> None:
        self.book = Book()
        self.fault = "none"
        self.poison: set[UUID] = set()

    def put_media(self, sha256: str, content: bytes, media_type: str) -> Reply:
        if self.fault == "500":
            return Reply(500, "text/html", b"")
        status = self.book.put(sha256, content)
        return self._answer(Reply(status, "", b""))

    def ingest(self, events: Sequence[Event]) -> Reply:
        if self.fault == "500":
            return Reply(503, "text/html", b"", "7")
        if self.fault == "page":
            return Reply(200, "text/html", b"<html>a log-in page of somebody else</html>")
        if self.fault == "empty":
            return Reply(200, "application/json", b"{}")
        if self.fault == "forgets":
            self.book.media.clear()
        if any(event.id in self.poison for event in events):
            return Reply(422, PROBLEM, b'{"code": "unreadable", "detail": "cannot be read"}')
        answer = self.book.ingest(events)
        return self._answer(Reply(200, "application/json", answer.model_dump_json().encode()))

    def _answer(self, reply: Reply) -> Reply:
        if self.fault == "lost":
            raise CloudUnreachable("the line broke before the answer")
        return reply


class Delivery(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="gridwatch-store-"))
        self.line = Line()
        self.committed: dict[UUID, Event] = {}
        self.refused: set[UUID] = set()
        self.open()

    def open(self) -> None:
        self.store = NodeStore.open(self.directory, "n1", now=lambda: NOON, new_id=uuid7)
        self.courier = Courier(self.store, self.line, lambda: NOON)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.directory)

    def queue(self, kinds: list[Series], fail: bool) -> list[Event]:
        queued = []
        photos = [
            self.store.save_photo(bytes([number])) for number, kind in enumerate(kinds) if kind == "evidence"
        ]
        try:
            with self.store.transaction() as tx:
                for kind in kinds:
                    if kind is Series.EVIDENCE:
                        queued.append(tx.queue(an_evidence(photos.pop()[0], 1), NOON))
                    else:
                        queued.append(tx.queue(a_condition() if kind is Series.ALARM else a_health(), NOON))
                if fail:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return []
        return queued

    @rule(kinds=st.lists(st.sampled_from(SERIES), min_size=1, max_size=6), fail=st.booleans())
    def write(self, kinds: list[Series], fail: bool) -> None:
        self.committed |= {event.id: event for event in self.queue(kinds, fail)}

    @rule(
        kinds=st.lists(st.sampled_from(SERIES), min_size=1, max_size=3),
        which=st.sampled_from(["row", "batch"]),
    )
    def write_what_the_cloud_will_not_take(self, kinds: list[Series], which: str) -> None:
        for event in self.queue(kinds, False):
            self.committed[event.id] = event
            self.refused.add(event.id)
            if which == "batch":
                self.line.poison.add(event.id)
        rows = self.refused - self.line.poison
        self.line.book.refuse = lambda event: "invalid" if event.id in rows else None

    @rule(series=st.sampled_from(SERIES))
    def send(self, series: Series) -> None:
        self.courier.carry(share(series))

    @rule(series=st.sampled_from(SERIES), fault=st.sampled_from(["lost", "500", "page", "empty", "forgets"]))
    def send_on_a_bad_line(self, series: Series, fault: str) -> None:
        self.line.fault = fault
        with suppress(UplinkError):
            self.courier.carry(share(series))
        self.line.fault = "none"

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open()

    @invariant()
    def whatever_was_committed_is_queued_or_at_the_cloud_or_set_aside(self) -> None:
        if not hasattr(self, "store"):
            return
        for series in SERIES:
            mine = {event.id: event for event in self.committed.values() if event.series is series}
            figures = self.store.figures().series[series]
            numbers = {event.seq for event in mine.values()}
            assert numbers <= set(range(1, figures.next_seq))
            assert figures.missing == 0
            queued = self.store.batch(series)
            waiting = {event.id for event in queued if event.type != GAP}
            arrived = [event for event in self.line.book.events.values() if event.series is series]
            at_cloud = {event.id for event in arrived if event.type != GAP}
            self.every_number_is_accounted_for(figures, queued, arrived)
            assert waiting | at_cloud | (self.refused & mine.keys()) == mine.keys()
            assert not at_cloud & self.refused
            for event in queued:
                if series is Series.EVIDENCE and event.type != GAP:
                    assert self.store.photo(event.data["sha256"])

    def every_number_is_accounted_for(
        self, figures: SeriesFigures, queued: list[Event], arrived: list[Event]
    ) -> None:
        """It waits, is at the cloud, is named by a gap that waits or arrived, or the cloud refused it."""
        events = [*queued, *arrived]
        found = {event.seq for event in events}
        for event in events:
            body = event.body()
            if isinstance(body, Gap):
                found |= {number for first, last in body.ranges for number in range(first, last + 1)}
        unfound = set(range(1, figures.next_seq)) - found
        assert len(unfound) <= figures.refused
        assert unfound <= {event.seq for key, event in self.committed.items() if key in self.refused}

    @rule()
    def a_good_line_empties_everything(self) -> None:
        for series in SERIES:
            for _ in range(100):
                try:
                    if not self.courier.carry(share(series)):
                        break
                except UplinkError:
                    continue
            figures = self.store.figures().series[series]
            assert figures.queued == 0
        arrived = {event.id for event in self.line.book.events.values() if event.type != GAP}
        assert arrived == self.committed.keys() - self.refused
        self.restart()  # sweeps the photos of transactions that failed
        kept = {path.stem for path in self.store._photos.files()}
        assert kept <= {self.committed[key].data.get("sha256") for key in self.refused}


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(
    max_examples=50, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
