"""The task that climbs ladders, one a process; any number of processes may do it together.

What is to be done is decided and written down in short transactions; messages go out between them. A process
that is killed after it sent and before it wrote that down leaves a lease behind: when that ends another one
sends again. So a message may come twice, and none is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.registry import Registry
from cloud.push import climbing, store
from cloud.push.channels import Message
from cloud.push.composing import compose
from cloud.push.lanes import batches
from cloud.push.policy import Channel, PushPolicy
from cloud.push.recipients import Rota, no_rota
from cloud.push.sending import Sender
from cloud.rounds import Rounds
from cloud.stream.tail import LOST
from devices.ids import uuid7

log = logging.getLogger(__name__)

BATCH = 100
AT_ONCE = 6
"""Messages under way to one address: a slow one keeps no others waiting, only itself."""
GRACE = timedelta(seconds=10)
"""After a channel's time, for writing down what came of it."""
BACK = timedelta(minutes=1)
"""How far before the last look a case may have changed and be seen only now: longer than a transaction."""
AT_START = timedelta(hours=24)
FORGET_EVERY = timedelta(hours=1)


class Runner:
    """`start` gives the task, `stop` ends it."""

    def __init__(
        self,
        engine: AsyncEngine,
        registry: Callable[[], Registry],
        policy: Callable[[], PushPolicy | None],
        now: Callable[[], datetime],
        changed: Callable[[], None],
        *,
        rota: Rota = no_rota,
        patient: Callable[[str], bool] = lambda event_class: False,
        environment: Mapping[str, str] = os.environ,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`policy`: what is in force, None: nobody is told; `changed` wakes the walls.

        `patient`: whether a class of events has a playbook that gives time to set it right.
        """
        self._engine, self._registry, self._policy, self._now = engine, registry, policy, now
        self._changed, self._rota, self._environment = changed, rota, environment
        self._patient = patient
        self._sender = Sender(environment, tls or ssl.create_default_context(), now)
        self._since = now() - AT_START
        self._under_way: Counter[str] = Counter()
        self._sending: set[asyncio.Task[None]] = set()
        self._away: set[str] = set()
        self._forgot: datetime | None = None
        self._rounds = Rounds("notices", self.once)

    def start(self) -> None:
        """Climb until stopped."""
        self._rounds.start()

    async def stop(self) -> None:
        """End; what is under way is sent again by whoever comes next."""
        await self._rounds.stop()
        for task in self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending)

    async def once(self) -> None:
        """Begin ladders, climb those that are due, hand out what waits. Does not wait for answers."""
        policy, registry, now = self._policy() or PushPolicy(), self._registry(), self._now()
        while await self._begin(registry, now):
            pass
        self._since = now - BACK
        more = True
        while more:
            async with self._engine.begin() as connection:
                climber = climbing.Climber(policy, registry, self._rota, self._environment, self._patient)
                looked, told = await climber.climb(connection, now, BATCH)
            if told:
                self._changed()
            more = looked == BATCH
        async with self._engine.begin() as connection:
            await store.lost(connection, now)
            if self._forgot is None or now - self._forgot > FORGET_EVERY:
                await store.forget_links(connection, now)
                self._forgot = now
            lanes = await store.waiting_lanes(connection)
        for lane, name in lanes:
            await self._hand_out(policy, lane, policy.channels.get(name), now)

    async def settled(self) -> None:
        """Until nothing that this process sends is under way."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def _begin(self, registry: Registry, now: datetime) -> bool:
        async with self._engine.begin() as connection:
            rows = await store.unheard(connection, self._since, BATCH)
            if rows:
                await store.begin(connection, climbing.notices_of(rows, registry, now))
        return len(rows) == BATCH

    async def _hand_out(self, policy: PushPolicy, lane: str, channel: Channel | None, now: datetime) -> None:
        free = AT_ONCE - self._under_way[lane]
        if free <= 0:
            return
        async with self._engine.begin() as connection:
            if not await store.alone(connection, lane):
                return
            messages = await self._take(connection, policy, lane, channel, free, now)
        for message in messages:
            assert channel is not None
            self._under_way[lane] += 1
            task = asyncio.create_task(self._send(channel, lane, message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _take(
        self,
        connection: AsyncConnection,
        policy: PushPolicy,
        lane: str,
        channel: Channel | None,
        free: int,
        now: datetime,
    ) -> list[Message]:
        """Messages that this process has to send, each with a lease."""
        rows = await store.waiting(connection, lane)
        # A ladder that came to its end without anybody still wants its last words said.
        wanted = [row for row in rows if row.ended_by in (None, "exhausted") and channel is not None]
        over = [row.id for row in rows if row not in wanted]
        await store.drop(connection, over, now)
        if channel is None:
            return []
        left = channel.per_minute - await store.sent_lately(connection, lane, now)
        found = []
        lease = now + timedelta(seconds=channel.timeout) + GRACE
        for those in batches(wanted, left, free, fold=channel.kind != "sms"):
            identifier = uuid7()
            await store.take(connection, [row.id for row in those], identifier, now, lease)
            found.append(
                await compose(connection, identifier, those, channel.kind, policy.page, self._registry(), now)
            )
        return found

    async def _send(self, channel: Channel, lane: str, message: Message) -> None:
        try:
            why = await self._sender.send(channel, lane, message)
        finally:
            self._under_way[lane] -= 1
        self._tell(lane, why)
        try:
            async with self._engine.begin() as connection:
                await store.settle(connection, message.id, why or "taken", not why, self._now())
        except LOST as error:
            log.warning(
                "what came of a message is not written down (%s): it may go twice", type(error).__name__
            )
        self._rounds.wake()

    def _tell(self, lane: str, why: str) -> None:
        if why and lane not in self._away:
            log.warning("%s takes no messages: %s", lane, why)
            self._away.add(lane)
        elif not why and lane in self._away:
            log.info("%s takes messages again", lane)
            self._away.discard(lane)
