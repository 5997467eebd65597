"""What is done with time: old changes, sessions, failures, event ids and uploads go; logs are anchored."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.database.schema import login_failure, received, session
from cloud.heartbeat import Heartbeat
from cloud.incidents import audit
from cloud.media.parts import Parts
from cloud.media.store import MediaStore
from cloud.people.accounts import WINDOW
from cloud.settings import Settings
from cloud.sources import idempotency, photos
from cloud.stream import outbox
from cloud.stream.tail import LOST
from devices.systemd import Notifier

log = logging.getLogger(__name__)

EVERY = 60.0
Clock = Callable[[], datetime]


async def tidy(engine: AsyncEngine, settings: Settings, now: datetime) -> None:
    """Once over everything; harmless when several processes do it."""
    async with engine.begin() as connection:
        await outbox.prune(connection, now, settings.outbox_retention)
    async with engine.begin() as connection:
        await connection.execute(delete(session).where(session.c.expires_at < now))
        await connection.execute(delete(login_failure).where(login_failure.c.at < now - WINDOW))
    async with engine.begin() as connection:
        await connection.execute(
            delete(received).where(received.c.received_at < now - settings.received_retention)
        )
    async with engine.begin() as connection:
        await idempotency.forget(connection, now)
    await audit.anchor(engine, now)
    await photos.sweep(engine, MediaStore(settings.state / "media"), now)
    await asyncio.to_thread(Parts(settings.state / "media" / "parts").sweep, now)


async def keep_tidy(engine: AsyncEngine, settings: Settings, now: Clock) -> None:
    """Tidy every minute until cancelled; as long as that can be done the cloud is well, and says so."""
    heart, notifier = Heartbeat(settings.heartbeat_url), Notifier(os.environ)
    notifier.ready()
    while True:
        notifier.alive("serving")
        try:
            await tidy(engine, settings, now())
            await heart.beat()
        except LOST as error:
            log.warning("could not tidy up: %s; next time", type(error).__name__)
        await asyncio.sleep(EVERY)
