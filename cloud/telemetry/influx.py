"""InfluxDB as the store: lines in, InfluxQL out, which 1.x and 2.x speak alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import urllib3

from cloud.telemetry.influx_settings import InfluxSettings, Server
from cloud.telemetry.line import influxql, lines_of
from cloud.telemetry.store import Refused, StoreAway
from cloud.telemetry.values import Bucket, Trace, Value, micros, of_micros
from cloud.telemetry.writers import (
    Unfit,
    V1Writer,
    V2Writer,
    Writer,
    authorization,
    pool_of,
    silence,
    trouble,
    write_all,
)


class Asker:
    """Asks the server questions that are answered in JSON."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._pool = pool_of(settings)

    async def ask(self, path: str, **query: str) -> bytes:
        """The body of a good answer.

        Raises:
            StoreAway: there is none.
        """
        return await asyncio.to_thread(self._ask, path, query)

    def _ask(self, path: str, query: Mapping[str, str]) -> bytes:
        url = f"{self._settings.url}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            answer = self._pool.request("GET", url, headers=authorization(self._settings))
        except urllib3.exceptions.HTTPError as error:
            raise silence(self._settings, error) from None
        if answer.status == 200:
            return answer.data
        found = trouble(self._settings, answer.status, answer.data)
        raise StoreAway(str(found)) if isinstance(found, Unfit) else found

    def close(self) -> None:
        """Close its connections."""
        self._pool.clear()


class InfluxStore:
    """See the module."""

    tend_every = 60.0

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._writer: Writer = (
            V1Writer(settings) if settings.server is Server.INFLUXDB_1 else V2Writer(settings)
        )
        self._asker = Asker(settings)

    async def write(self, values: Sequence[Value]) -> Refused:
        """Write them, on a thread: the client knows no event loop."""
        return await asyncio.to_thread(write_all, self._writer, lines_of(values))

    async def read(self, trace: Trace, since: datetime, until: datetime, step: timedelta) -> list[Bucket]:
        """By InfluxQL; in 2.x the bucket's name stands for a database (a virtual DBRP mapping)."""
        query = influxql(trace, micros(since), micros(until), round(step.total_seconds()))
        text = await self._asker.ask("/query", db=self._settings.bucket, epoch="u", q=query)
        return _buckets(json.loads(text))

    async def tend(self, now: datetime) -> None:
        """Retention is the server's own; whether it answers is told in time, not by the first node."""
        await self._asker.ask("/ping", verbose="true")

    async def close(self) -> None:
        """Close all connections."""
        self._writer.close()
        self._asker.close()


def _buckets(answer: Mapping[str, Any]) -> list[Bucket]:
    (result,) = answer["results"]
    if "error" in result:
        raise StoreAway(f"the server cannot answer: {str(result['error'])[:200]}")
    rows = result["series"][0]["values"] if "series" in result else []
    return [
        Bucket(of_micros(at), int(count), float(low), float(mean), float(high), float(last))
        for at, count, low, mean, high, last in rows
    ]
