"""Carries one batch to the cloud and settles the answer. No thread, no wait, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ValidationError

from devices.errors import MessageError
from devices.messages import Event, Evidence, IngestAnswer, Series
from edge.errors import CloudRefused, CloudStalled, UplinkError
from edge.keep import NodeStore
from edge.keep.ledger import halves
from edge.send.client import Cloud, Reply
from edge.send.pace import retry_after_s

PHOTOS_AT_ONCE = 16
"""Evidence in one batch: each needs its photo or clip uploaded first, and health waits behind them."""


class Problem(BaseModel):
    """The cloud's own words for an error (RFC 9457)."""

    code: str = "unfit"
    title: str = ""
    detail: str = ""


class Courier:
    """Knows how to deliver what a store holds; one for each sending thread."""

    def __init__(
        self, store: NodeStore, cloud: Cloud, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._cloud = cloud
        self._now = now
        self._after: dict[Series, int] = {}
        """Where the next batch begins: what the cloud left open waits until the others had their turn."""
        self._uploaded: set[str] = set()
        """Photos uploaded whose message was not answered yet: a broken line does not upload them again."""

    def carry(self, series: Series) -> bool:
        """Send one batch of `series`; True when something moved and there may be more, False when none waits.

        Raises:
            UplinkError: nothing moved, or no clip after the photos, for the reason it tells; what did not
                move is still queued.
            StoreError: the store failed; the cloud will see the batch again.
        """
        batch = self._next(series)
        if not batch:
            return False
        moved = 0
        for part in _photos_first(batch) if series is Series.EVIDENCE else [batch]:
            ready = self._upload(part) if series is Series.EVIDENCE else part
            moved += len(part) - len(ready)
            if ready:
                moved += self._deliver(ready)
        self._after[series] = batch[-1].seq
        if moved == 0:
            raise CloudStalled(f"the cloud answers, but leaves {len(batch)} messages of {series} open")
        return True

    def _next(self, series: Series) -> Sequence[Event]:
        limit = PHOTOS_AT_ONCE if series is Series.EVIDENCE else 200
        batch = self._store.batch(series, after=self._after.get(series, 0), limit=limit)
        if not batch and self._after.pop(series, 0):
            batch = self._store.batch(series, limit=limit)
        return batch

    def _deliver(self, batch: Sequence[Event]) -> int:
        """Returns how many were committed or set aside."""
        reply = self._cloud.ingest(batch)
        if reply.status == 200:
            try:
                answer = IngestAnswer.model_validate_json(reply.body)
            except ValidationError:
                raise CloudStalled("the answer to a batch is not what the contract says") from None
            self._uploaded.difference_update(str(event.data.get("sha256")) for event in batch)
            settled = self._store.settle(batch, answer)
            return settled.committed + settled.refused
        if not _about_the_content(reply):
            raise self._trouble(reply)
        if len(batch) > 1:
            first, second = halves(batch)
            return self._deliver(first) + self._deliver(second)
        self._set_aside(batch[0], reply)
        return 1

    def _upload(self, batch: Sequence[Event]) -> list[Event]:
        """Upload the photos; returns the events whose photo is at the cloud, the others are set aside."""
        ready = []
        for event in batch:
            try:
                body = event.body()
                if isinstance(body, Evidence) and body.sha256 not in self._uploaded:
                    content = self._store.photo(body.sha256)
                    reply = self._cloud.put_media(body.sha256, content, body.media_type)
                    if _about_the_content(reply):
                        self._set_aside(event, reply)
                        continue
                    if reply.status not in (200, 201):
                        raise self._trouble(reply)
                    self._uploaded.add(body.sha256)
            except MessageError as error:
                self._store.refuse(event, "unreadable", str(error))
            except OSError as error:
                self._store.refuse(event, "photo_lost", f"the photo cannot be read: {error.strerror}")
            else:
                ready.append(event)
        return ready

    def _set_aside(self, event: Event, reply: Reply) -> None:
        """The single culprit; only the cloud's own word condemns it, never that of a box in between."""
        if reply.media_type != "application/problem+json":
            raise self._trouble(reply)
        problem = _problem(reply)
        self._store.refuse(event, problem.code, problem.detail or problem.title or f"HTTP {reply.status}")

    def _trouble(self, reply: Reply) -> UplinkError:
        if reply.status in (401, 403):
            if _problem(reply).code == "node_revoked":
                return CloudRefused("this node was revoked; it goes on keeping, enrol it anew to send")
            return CloudRefused("the cloud does not take this node's token")
        if reply.status == 429 or reply.status >= 500:
            pause = retry_after_s(reply.retry_after, self._now())
            return CloudStalled(f"the cloud is in trouble or busy (HTTP {reply.status})", pause)
        return CloudStalled(f"what answers does not speak as Gridwatch's cloud does (HTTP {reply.status})")


def _photos_first(batch: Sequence[Event]) -> list[list[Event]]:
    """Photos, delivered before the first clip is uploaded: a thin line needs a minute for one."""
    clips = [event for event in batch if event.data.get("media_type") == "video/mp4"]
    parts = [[event for event in batch if event not in clips], clips]
    return [part for part in parts if part]


def _problem(reply: Reply) -> Problem:
    try:
        return Problem.model_validate_json(reply.body)
    except ValidationError:
        return Problem()


def _about_the_content(reply: Reply) -> bool:
    """Whether a smaller or a sound message would have been taken."""
    return reply.status == 413 or (
        reply.status in (400, 422) and reply.media_type == "application/problem+json"
    )
