"""The task that keeps the feed and sends it, one a process; any number of processes may do it together.

A delivery stays `waiting` until its answer is written down; who takes it moves its next look behind a lease.
A process that is killed in between leaves it waiting, so every event comes at least once.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.registry import Registry
from cloud.outgoing import IpAddress, NotSent, anywhere, post, public
from cloud.push.service import Notice, notify
from cloud.rounds import Rounds
from cloud.stream.tail import LOST
from cloud.webhooks import feed, store
from cloud.webhooks.events import DISABLED_AFTER, ENDS, again, envelope
from cloud.webhooks.signing import signed
from devices.messages import Severity
from devices.site.model import Names

log = logging.getLogger(__name__)

WITHIN = 10.0
"""Seconds that a receiver has for its answer."""
LEASE = timedelta(seconds=30)
AT_ONCE = 8
"""Deliveries under way to one subscription, each of another case: a slow receiver delays itself alone."""
FORGET_EVERY = timedelta(hours=1)
GONE = 410


class Worker:
    """`start` begins, `stop` ends."""

    def __init__(
        self,
        engine: AsyncEngine,
        registry: Callable[[], Registry],
        now: Callable[[], datetime],
        *,
        to_private: bool = False,
        tls: ssl.SSLContext | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`to_private`: addresses that are not public may be called; `chance`: 0 to 1, for waits."""
        self._engine, self._registry, self._now, self._chance = engine, registry, now, chance
        self._allowed: Callable[[IpAddress], bool] = anywhere if to_private else public
        self._tls = tls or ssl.create_default_context()
        self._under_way: Counter[UUID] = Counter()
        self._sending: set[asyncio.Task[None]] = set()
        self._forgot: datetime | None = None
        self._rounds = Rounds("webhooks", self.once)

    def start(self) -> None:
        """Publish and deliver until stopped."""
        self._rounds.start()

    async def stop(self) -> None:
        """End; what is under way is sent again by whoever comes next."""
        await self._rounds.stop()
        for task in self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending)

    async def once(self) -> None:
        """Publish what was committed, begin what is due. Does not wait for answers."""
        now, more = self._now(), True
        while more:
            async with self._engine.begin() as connection:
                _, more = await feed.advance(connection, self._registry(), now)
        if self._forgot is None or now - self._forgot > FORGET_EVERY:
            async with self._engine.begin() as connection:
                await feed.forget(connection, now)
            self._forgot = now
        async with self._engine.connect() as connection:
            due = await store.with_work(connection, now)
        for identifier in due:
            await self._begin(identifier, now)

    async def settled(self) -> None:
        """Until nothing that this process sends is under way."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def _begin(self, identifier: UUID, now: datetime) -> None:
        free = AT_ONCE - self._under_way[identifier]
        if free <= 0:
            return
        async with self._engine.begin() as connection:
            subscriber = await store.one(connection, identifier)
            if subscriber is None or subscriber.disabled_at is not None:
                return
            key = await store.key_of(connection, identifier, subscriber.generation)
            events = await store.take(connection, identifier, now, LEASE, free)
        for event in events:
            self._under_way[identifier] += 1
            task = asyncio.create_task(self._deliver(subscriber, key, event))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, subscriber: Any, key: bytes, event: Any) -> None:
        body = envelope(event)
        headers = [("Content-Type", "application/cloudevents+json; charset=utf-8")]
        headers += signed(key, str(event.event_id), body, self._now())
        status, why, wait = None, "", None
        try:
            answer = await post(
                subscriber.address, body, headers, within=WITHIN, tls=self._tls, allowed=self._allowed
            )
            status, wait = answer.status, answer.retry_after
            why = "" if 200 <= answer.status < 300 else f"status {answer.status}"
        except NotSent as error:
            why = str(error)
        finally:
            self._under_way[subscriber.id] -= 1
        try:
            async with self._engine.begin() as connection:
                await self._settle(connection, subscriber.id, event, status, why, wait)
        except LOST as error:
            log.warning("a webhook's answer is not written down (%s): it goes twice", type(error).__name__)
        self._rounds.wake()

    async def _settle(
        self,
        connection: AsyncConnection,
        identifier: UUID,
        event: Any,
        status: int | None,
        why: str,
        wait: float | None,
    ) -> None:
        now = self._now()
        if not why and status is not None:
            await store.delivered(connection, identifier, event.seq, status, now)
            return
        following = now + again(event.tries, wait, self._chance())
        last = following > event.since + ENDS
        since = await store.refused(
            connection, identifier, event.seq, status, why, now, None if last else following
        )
        if status == GONE:
            await self._disable(connection, identifier, "its address says that it is gone (410)", now)
        elif since is not None and now - since >= DISABLED_AFTER:
            await self._disable(
                connection, identifier, f"took nothing for {DISABLED_AFTER.days} days: {why}", now
            )

    async def _disable(self, connection: AsyncConnection, identifier: UUID, why: str, now: datetime) -> None:
        if not await store.disable(connection, identifier, why, now):
            return
        log.warning("webhook subscription %s is disabled: %s", identifier, why)
        words = Names(
            zh=f"订阅 {identifier} 已停用，请检查接收方后重新启用",
            en=f"Webhook subscription {identifier} is disabled; mend the receiver, then enable it",
        )
        await notify(
            connection, Notice("webhook", None, ("role:administrator",), words, Severity.MEDIUM), now
        )
