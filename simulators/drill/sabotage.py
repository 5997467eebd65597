"""Runs a word of the product with a protection taken out: `python -m simulators.drill.sabotage NAME WORD ...`

The product has no switch for that. It is changed here, in memory, before its command runs; parts are found by
name, because simulators otherwise share no code with edge and cloud.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any


def _acknowledge_before_commit() -> None:
    """A node takes a batch for accepted once it was sent, whatever became of it."""
    courier = importlib.import_module("edge.send.courier")
    messages = importlib.import_module("devices.messages")
    errors = importlib.import_module("edge.errors")
    deliver = courier.Courier._deliver  # noqa: SLF001

    def deliver_and_forget(self: Any, batch: Any) -> Any:
        try:
            return deliver(self, batch)
        except errors.UplinkError:
            told = [
                messages.Committed(series=one.series, epoch=one.epoch, ranges=((one.seq, one.seq),))
                for one in batch
            ]
            self._store.settle(batch, messages.IngestAnswer(committed=tuple(told)))
            return len(batch)

    courier.Courier._deliver = deliver_and_forget  # noqa: SLF001


def _no_deduplication() -> None:
    """A node does not know what it has told: each attempt to send goes out as something new."""
    courier = importlib.import_module("edge.send.courier")
    ids = importlib.import_module("devices.ids")
    deliver = courier.Courier._deliver  # noqa: SLF001

    def deliver_as_new(self: Any, batch: Any) -> Any:
        anew = [
            event.model_copy(update={"data": event.data | {"condition_id": str(ids.uuid7())}})
            if "condition_id" in event.data and "rev" in event.data
            else event
            for event in batch
        ]
        return deliver(self, anew)

    courier.Courier._deliver = deliver_as_new  # noqa: SLF001


def _drop_lane() -> None:
    """A node never sends its live alarms."""
    lanes = importlib.import_module("edge.send.lanes")
    lanes.LANES["live"] = tuple(share for share in lanes.LANES["live"] if share.series != "alarm")


def _clear_early() -> None:
    """A sensor's condition is over after a few readings, wherever the value is."""
    rules = importlib.import_module("devices.site.sensor_rules")
    rules.Limits.back = lambda self, value: True


def _forget_at_restart() -> None:
    """A node that starts knows nothing of what it had open."""
    judging = importlib.import_module("edge.node.judging")
    level = importlib.import_module("edge.judge.level")
    vars(judging)["level_from_json"] = lambda raw, offset, latest: level.Level()


_WAYS: dict[str, Callable[[], None]] = {
    "acknowledge_before_commit": _acknowledge_before_commit,
    "no_deduplication": _no_deduplication,
    "drop_lane": _drop_lane,
    "clear_early": _clear_early,
    "forget_at_restart": _forget_at_restart,
}
NAMES = tuple(_WAYS)
"""What can be taken out."""


def main(arguments: list[str]) -> int:
    """Take it out where the word is the node's, then run the word; its exit code."""
    name, *words = arguments
    if words[:1] == ["edge"]:
        _WAYS[name]()
    return int(importlib.import_module("gridwatch").main(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
