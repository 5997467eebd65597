"""A point with a camera and sensors, and a store that fails when told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from devices.ids import uuid7
from devices.messages import Series
from devices.site.model import Camera, Names, Point, Position, Sensor, ThresholdRule, Zone
from edge.errors import StoreFull
from edge.keep import NodeStore
from edge.keep.transaction import Transaction
from tests.edge.views_for_tests import parked

NAME = Names(zh="某处", en="Somewhere")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def threshold(**more) -> ThresholdRule:
    given = {"kind": "threshold", "id": "high", "event_class": "05-06", "quantity": "water_level"}
    return ThresholdRule(**given | {"above": 50.0, "clear": 30.0} | more)


def sensor(name: str = "P01-S1", *rules: ThresholdRule, **more) -> Sensor:
    return Sensor(id=name, name=NAME, kind="water_level", rules=rules or (threshold(),), **more)


def zone(name: str = "P01-C1-Z1", **more) -> Zone:
    outline = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.95), (0.1, 0.95))
    return Zone(**{"id": name, "name": NAME, "polygon": outline, "rules": (parked(),)} | more)


def camera(name: str = "P01-C1", **more) -> Camera:
    return Camera(**{"id": name, "name": NAME, "host": "127.0.0.1", "zones": (zone(f"{name}-Z1"),)} | more)


def point(*, cameras=(), sensors=()) -> Point:
    return Point(
        id="P01",
        name=NAME,
        node="n1",
        grid="G01",
        position=Position(lon=120.0, lat=30.0),
        cameras=cameras,
        sensors=sensors,
    )


def open_store(directory: Path) -> NodeStore:
    return NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7)


def bodies(store: NodeStore, series: Series) -> list:
    """What waits in the outbox, read as messages."""
    return [event.body() for event in store.batch(series)]


@contextmanager
def disk_full(monkeypatch) -> Iterator[None]:
    """Every commit fails: the last thing a transaction does finds no room."""

    def no_room(transaction: Transaction) -> None:
        transaction._open = False
        raise StoreFull("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "close", no_room)
        yield
