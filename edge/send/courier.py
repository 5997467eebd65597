"""Carries one batch to the cloud and settles the answer. No thread, no wait, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from devices.errors import MessageError
from devices.messages import HISTORY_AFTER_S, Event, Evidence, IngestAnswer, Series
from edge.errors import CloudStalled
from edge.keep import NodeStore
from edge.keep.ledger import halves
from edge.keep.outbox import Pick
from edge.send.client import Cloud, Reply
from edge.send.lanes import Share
from edge.send.uploads import Unfit, Uploads
from edge.send.verdict import about_the_content, problem_of, trouble


class Courier:
    """Knows how to deliver what a store holds; one for each sending thread."""

    def __init__(
        self, store: NodeStore, cloud: Cloud, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._cloud = cloud
        self._now = now
        self._uploads = Uploads(store, cloud, now)
        self._passed: dict[Share, int] = {}
        """Where the next batch begins: what the cloud left open waits until the others had their turn."""
        self.carried = 0
        """Bytes of the messages that the last `carry` of a limited share tried to send."""

    def carry(self, share: Share) -> bool:
        """Send one batch of `share`; True when something moved and there may be more, False when none waits.

        Raises:
            UplinkError: nothing moved, for the reason it tells; what did not move is still queued.
            StoreError: the store failed; the cloud will see the batch again.
        """
        batch = self._next(share)
        if share.limited:
            self.carried = sum(len(event.model_dump_json()) for event in batch)
        if not batch:
            return False
        ready = self._uploaded(batch) if share.series is Series.EVIDENCE else batch
        if ready is None:
            return True
        moved = len(batch) - len(ready)
        if ready:
            moved += self._deliver(ready)
        if share.live and moved == len(batch):
            self._passed.pop(share, None)  # what comes next is newer than what waits below
        else:
            self._passed[share] = batch[-1].seq
        if moved == 0:
            raise CloudStalled(f"the cloud answers, but leaves {len(batch)} messages of {share.series} open")
        return True

    def _next(self, share: Share) -> Sequence[Event]:
        edge = self._now() - timedelta(seconds=HISTORY_AFTER_S)
        pick = Pick(
            since=edge if share.live is True else None,
            before=edge if share.live is False else None,
            clips=share.clips,
        )
        after = self._passed.get(share, 0)
        batch = self._store.batch(share.series, after=after, limit=share.limit, pick=pick)
        if not batch and self._passed.pop(share, 0):
            batch = self._store.batch(share.series, limit=share.limit, pick=pick)
        return batch

    def _deliver(self, batch: Sequence[Event]) -> int:
        """Returns how many were committed or set aside."""
        reply = self._cloud.ingest(batch)
        if reply.status == 200:
            try:
                answer = IngestAnswer.model_validate_json(reply.body)
            except ValidationError:
                raise CloudStalled("the answer to a batch is not what the contract says") from None
            self._uploads.forget(str(event.data.get("sha256")) for event in batch)
            settled = self._store.settle(batch, answer)
            return settled.committed + settled.refused
        if not about_the_content(reply):
            raise trouble(reply, self._now())
        if len(batch) > 1:
            first, second = halves(batch)
            return self._deliver(first) + self._deliver(second)
        self._set_aside(batch[0], reply)
        return 1

    def _uploaded(self, batch: Sequence[Event]) -> Sequence[Event] | None:
        """Upload photos or a piece of a clip; the events to be told now, the others are set aside.

        None: a clip has come a piece further, which is enough for one turn.
        """
        ready: list[Event] = []
        for event in batch:
            try:
                body = event.body()
                if isinstance(body, Evidence) and not self._uploads.advance(body):
                    return None
            except MessageError as error:
                self._store.refuse(event, "unreadable", str(error))
            except OSError as error:
                reason = error.strerror or "it is not what its name says"
                self._store.refuse(event, "photo_lost", f"the photo cannot be read: {reason}")
            except Unfit as error:
                self._set_aside(event, error.reply)
            else:
                ready.append(event)
        return ready

    def _set_aside(self, event: Event, reply: Reply) -> None:
        """The single culprit; only the cloud's own word condemns it, never that of a box in between."""
        problem = problem_of(reply)
        if problem is None:
            raise trouble(reply, self._now())
        self._store.refuse(event, problem.code, problem.detail or problem.title or f"HTTP {reply.status}")
