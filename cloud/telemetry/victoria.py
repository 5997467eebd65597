"""VictoriaMetrics as the store: the v2 write path with a journal before it, MetricsQL out."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.telemetry.influx import Asker
from cloud.telemetry.influx_settings import InfluxSettings
from cloud.telemetry.journal import Journal
from cloud.telemetry.line import ROLLUPS, lines_of, metricsql
from cloud.telemetry.store import Refused, StoreAway
from cloud.telemetry.values import EPOCH, Bucket, Trace, Value
from cloud.telemetry.writers import V2Writer, write_all

log = logging.getLogger(__name__)

_STARTED = re.compile(rb"^process_start_time_seconds (\S+)$", re.MULTILINE)
_MS = timedelta(milliseconds=1)
"""It knows moments to the millisecond."""


class VictoriaStore:
    """See the module and `journal`."""

    tend_every = 10.0

    def __init__(self, settings: InfluxSettings, engine: AsyncEngine, now: Callable[[], datetime]) -> None:
        self._writer = V2Writer(settings)
        self._asker = Asker(settings)
        self._journal = Journal(engine)
        self._now = now

    async def write(self, values: Sequence[Value]) -> Refused:
        """Journal, then write."""
        lines = lines_of(values)
        await self._journal.enter(lines, self._now())
        return await asyncio.to_thread(write_all, self._writer, lines)

    async def read(self, trace: Trace, since: datetime, until: datetime, step: timedelta) -> list[Bucket]:
        """By MetricsQL, whose windows are `(t - step, t]`: asked a millisecond before each bucket's end."""
        seconds = round(step.total_seconds())
        text = await self._asker.ask(
            "/api/v1/query_range",
            query=metricsql(trace, seconds),
            start=_seconds(since + step - _MS),
            end=_seconds(until - _MS),
            step=f"{seconds}s",
            nocache="1",
        )
        found: dict[datetime, dict[str, float]] = {}
        for series in json.loads(text)["data"]["result"]:
            for at, number in series["values"]:
                begin = EPOCH + timedelta(milliseconds=round(at * 1000) + 1) - step
                found.setdefault(begin, {})[series["metric"]["what"]] = float(number)
        return [
            Bucket(at, int(one["count"]), one["low"], one["mean"], one["high"], one["last"])
            for at, one in sorted(found.items())
            if len(one) == len(ROLLUPS)
        ]

    async def tend(self, now: datetime) -> None:
        """See whether it was started anew; if so, send all of the journal again.

        When it began is asked *before* the journal is read: what is entered later is written later, into
        the server that is running now.
        """
        page = await self._asker.ask("/metrics")
        told = _STARTED.search(page)
        if told is None:
            raise StoreAway("the server does not tell when it began; is it VictoriaMetrics?")
        started = told[1].decode()
        before = await self._journal.started()
        if before is not None and before != started:
            count = await self._again(now)
            log.warning("VictoriaMetrics was started anew; %d batches of the last minutes sent again", count)
        await self._journal.confirm(started, now)

    async def _again(self, now: datetime) -> int:
        count = last = 0
        while batches := await self._journal.after(last):
            for _, lines in batches:
                await asyncio.to_thread(write_all, self._writer, lines)
            await self._journal.renew([number for number, _ in batches], now)
            last = batches[-1][0]
            count += len(batches)
        return count

    async def close(self) -> None:
        """Close all connections."""
        self._writer.close()
        self._asker.close()


def _seconds(at: datetime) -> str:
    return f"{(at - EPOCH) / timedelta(seconds=1):.3f}"
