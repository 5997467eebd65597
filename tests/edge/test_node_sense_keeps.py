"""A reading is kept for the cloud, then judged, then acknowledged: nothing is lost or twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.messages import Series
from edge.errors import StoreError, StoreFull
from edge.keep import NodeStore
from tests.edge.sense_street import Street


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.store.close()


def fails(*_: object) -> int:
    raise StoreFull("full")


def test_what_cannot_be_kept_is_neither_judged_nor_acknowledged(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.measure(70.0, 1)
    with monkeypatch.context() as patch:
        patch.setattr(NodeStore, "keep_readings", fails)
        with pytest.raises(StoreError):
            street.take()
    assert (street.told(), street.acked) == ([], [])
    assert street.take() == 1
    assert street.told() == [("P01-S1", "opened", 1)]
    assert street.acked == [0]
    assert street.store.figures().unnumbered == 1


def test_what_was_kept_and_not_judged_is_judged_when_it_comes_again_and_kept_once(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.measure(70.0, 1)
    with monkeypatch.context() as patch:
        patch.setattr(NodeStore, "transaction", fails)
        with pytest.raises(StoreError):
            street.take()
    assert street.acked == []
    assert street.store.figures().unnumbered == 1
    street.restart(1.0)  # the process died there; the broker sends it again
    street.measure(70.0, 1)
    street.take()
    assert street.told() == [("P01-S1", "opened", 1)]
    assert street.acked == [1]
    assert street.store.figures().unnumbered == 1


def test_what_was_judged_and_not_acknowledged_changes_nothing_when_it_comes_again(street: Street) -> None:
    street.measure(70.0, 1)
    street.take()
    street.restart(1.0)
    street.measure(70.0, 1)
    street.take()
    assert street.told() == [("P01-S1", "opened", 1)]
    assert street.store.figures().unnumbered == 1
    assert street.store.figures().series[Series.ALARM].numbered == 1


def test_presence_alone_writes_no_telemetry(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NodeStore, "keep_readings", fails)
    street.presence(True, 1)
    assert street.take() == 1
