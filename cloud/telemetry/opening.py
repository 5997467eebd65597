"""Which store of telemetry there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.settings import Settings
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.keeper import Keeper
from cloud.telemetry.postgres import PostgresStore


def keeper_of(settings: Settings, engine: AsyncEngine, now: Callable[[], datetime]) -> Keeper:
    """The one that the settings name; PostgreSQL where they name none."""
    catalogue = Catalogue(engine)
    return Keeper(PostgresStore(engine, catalogue, now), catalogue, now)
