"""What every request may reach: one object, made at start, handed in by FastAPI's dependencies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.areas.current import Current
from cloud.areas.registry import Registry
from cloud.deadlines.steps import Rules
from cloud.link.hub import Hub
from cloud.media.store import MediaStore
from cloud.metrics import Metrics
from cloud.policies.kind import Policies
from cloud.settings import Settings
from cloud.stream.tail import Tail
from cloud.telemetry.keeper import Keeper
from cloud.video.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a running API process."""

    settings: Settings
    engine: AsyncEngine
    current: Current
    media: MediaStore
    tail: Tail
    metrics: Metrics
    now: Callable[[], datetime]
    hub: Hub
    telemetry: Keeper
    rules: Callable[[], Rules | None]
    """By what deadlines are counted now; None: incidents have no clocks."""
    counting: Callable[[], Rules]
    """How time counts now, also where incidents have no clocks: work hours and calendar."""
    ledger: UUID
    """The name of the ledger; nodes hear it with every answer."""
    video: Exchange = field(default_factory=lambda: Exchange(lambda _: None))
    """Live pictures: who watches what, and who brings it."""
    history: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Held while a group of history is stored: what is live waits for no more than one."""

    @property
    def registry(self) -> Registry:
        """The registry, as of the site that is in force."""
        return self.current.registry

    @property
    def policies(self) -> Policies:
        """The policies in force: `policies.of(DEADLINES)`."""
        return self.current.policies


def context_of(request: Request) -> Context:
    """The context of the app that serves `request`."""
    found = request.app.state.context
    assert isinstance(found, Context)
    return found


InContext = Annotated[Context, Depends(context_of)]
