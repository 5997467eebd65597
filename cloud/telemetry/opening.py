"""Which store of telemetry there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.settings import Settings
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.influx_settings import Server
from cloud.telemetry.keeper import Keeper
from cloud.telemetry.postgres import PostgresStore
from cloud.telemetry.store import TelemetryStore


def keeper_of(settings: Settings, engine: AsyncEngine, now: Callable[[], datetime]) -> Keeper:
    """The one that the settings name; PostgreSQL where they name none."""
    catalogue = Catalogue(engine)
    return Keeper(_store(settings, engine, catalogue, now), catalogue, now)


def _store(
    settings: Settings, engine: AsyncEngine, catalogue: Catalogue, now: Callable[[], datetime]
) -> TelemetryStore:
    influx = settings.influx
    if influx is None:
        return PostgresStore(engine, catalogue, now)
    # Only now: influxdb-client takes half a second of CPU to import and 25 MB.
    from cloud.telemetry.influx import InfluxStore
    from cloud.telemetry.victoria import VictoriaStore

    if influx.server is Server.VICTORIA:
        return VictoriaStore(influx, engine, now)
    return InfluxStore(influx)
