"""What the cloud asks of a store of telemetry; a fake with the same manners keeps it in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cloud.errors import CloudError
from cloud.telemetry.values import Bucket, Trace, Value, down_sampled

Refused = Mapping[int, str]
"""Place of a value among those written -> why the store will never take it."""


class StoreAway(CloudError):
    """The store does not answer, or not as it should; nothing may be acknowledged. Carries no credential."""


class TelemetryStore(Protocol):
    """Writing is idempotent by trace and moment: whatever was not answered is written again."""

    tend_every: float
    """Seconds between two calls of `tend`."""

    async def write(self, values: Sequence[Value]) -> Refused:
        """Return only when the store has answered; all that is not refused is then kept.

        Raises:
            StoreAway: some or all of it may not be kept.
        """
        ...

    async def read(self, trace: Trace, since: datetime, until: datetime, step: timedelta) -> list[Bucket]:
        """The sound values of `[since, until)` down-sampled; both are whole steps since 1970 UTC.

        Raises:
            StoreAway: it does not answer.
        """
        ...

    async def tend(self, now: datetime) -> None:
        """What must be done now and then; harmless when several processes do it.

        Raises:
            StoreAway: it could not be done.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class FakeStore:
    """In memory. `away` makes it silent, `unfit` names quantities that it refuses."""

    tend_every = 60.0

    def __init__(self) -> None:
        self.kept: dict[tuple[Trace, datetime], Value] = {}
        self.away = False
        self.unfit: dict[str, str] = {}
        self.writes = 0

    async def write(self, values: Sequence[Value]) -> Refused:
        """Keep them."""
        if self.away:
            raise StoreAway("the fake is away")
        self.writes += 1
        refused = {}
        for place, one in enumerate(values):
            if one.trace.quantity in self.unfit:
                refused[place] = self.unfit[one.trace.quantity]
            else:
                self.kept[one.trace, one.at] = one
        return refused

    async def read(self, trace: Trace, since: datetime, until: datetime, step: timedelta) -> list[Bucket]:
        """Down-sample what is kept."""
        if self.away:
            raise StoreAway("the fake is away")
        return down_sampled(
            (one for one in self.kept.values() if one.trace == trace and since <= one.at < until), step
        )

    async def tend(self, now: datetime) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""
