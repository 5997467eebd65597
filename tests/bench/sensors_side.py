"""Gateways side by side: the same load, one after the other on the same machine.

Speed: 20,000 messages as fast as the broker takes them, until 95 % of them are at the far end (what is
left may wait for others to be sent with). Loss: the far end is gone, 3,000 messages come at 380 a second, the
gateway is killed with the last confirmation to the sensors, the far end is back, the gateway starts again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from simulators.broker import RunningBroker, start_broker
from tests.bench.legs import Figures, NotRun
from tests.bench.proc import cpu_seconds, load, memory
from tests.bench.sensors_legs import USERS, Gateway, Ours, Peer
from tests.bench.sensors_load import SENSORS, Publisher, messages

BURST, MOST = 20_000, 0.95
STEADY, RATE = 3_000, 380.0
READY_S, SETTLE_S, QUIET_S = 90.0, 5.0, 20.0
"""Until it hears at all; until its start is over; without anything new, which is the end."""
WARM, KILLED = 60, 100
"""Values from which the load of the warm-up and of the kill begin; the burst's lie below."""


def side_by_side() -> Iterator[Figures]:
    """One line of figures for each gateway."""
    for make in (Ours, Peer):
        with tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as directory:
            folder = Path(directory)
            (folder / "gateway").mkdir()
            try:
                with start_broker(folder / "broker", USERS, prefer="mosquitto") as broker:
                    yield _measure(make, folder / "gateway", broker)
            except NotRun as why:
                yield {"gateway": make.name, "not run": str(why)}


def _measure(make: Callable[[Path, RunningBroker], Gateway], folder: Path, broker: RunningBroker) -> Figures:
    gateway = make(folder, broker)
    publisher = Publisher(broker.port)
    try:
        gateway.far_end(up=True)
        gateway.start()
        _hears(gateway, publisher)
        time.sleep(SETTLE_S)
        fast = _fast(gateway, publisher)
        return {
            "gateway": f"{gateway.name} {gateway.version}".strip(),
            **fast,
            **_killed(gateway, publisher),
            "load": load(),
        }
    finally:
        gateway.close()
        publisher.close()


def _hears(gateway: Gateway, publisher: Publisher) -> None:
    """Wait until a reading gets through."""
    due = time.monotonic() + READY_S
    number = WARM * len(SENSORS)
    while gateway.asked(WARM)["different"] == 0:
        assert time.monotonic() < due, f"{gateway.name} hears nothing"
        publisher.send(list(messages(1, first=number)))
        number += 1
        time.sleep(0.5)


def _fast(gateway: Gateway, publisher: Publisher) -> Figures:
    burst, wanted = list(messages(BURST)), int(BURST * MOST)
    extra = int(gateway.asked(WARM)["different"])
    cpu, began = cpu_seconds(gateway.pid), time.monotonic()
    publisher.send(burst)
    at = None
    while at is None and time.monotonic() - began < 120:
        time.sleep(0.2)
        at = gateway.asked(0, wanted + extra)["at"]
    size = memory(gateway.pid)
    _quiet(gateway, 0)
    spent = cpu_seconds(gateway.pid) - cpu
    there = gateway.asked(0)
    return {
        "readings": BURST,
        "readings_per_s": None if at is None else round(wanted / (at - began)),
        "cpu_s_per_million": round(spent / BURST * 1e6, 1),
        "rss_mib": size["rss_mib"],
        "pss_mib": size["pss_mib"],
        "lost": BURST - (there["different"] - gateway.asked(WARM)["different"]),
        "twice": there["came"] - there["different"],
    }


def _killed(gateway: Gateway, publisher: Publisher) -> Figures:
    gateway.far_end(up=False)
    time.sleep(1)
    publisher.send(list(messages(STEADY, first=KILLED * len(SENSORS))), per_second=RATE)
    gateway.kill()
    gateway.far_end(up=True)
    gateway.start()
    _quiet(gateway, KILLED, least_s=30.0)
    there = gateway.asked(KILLED)
    return {"killed_after": STEADY, "lost_by_kill": STEADY - there["different"]}


def _quiet(gateway: Gateway, least: float, least_s: float = 0.0) -> None:
    """Wait until nothing new comes any more, or all is there."""
    began = changed = time.monotonic()
    before = -1
    while time.monotonic() - changed < QUIET_S or time.monotonic() - began < least_s:
        now = gateway.asked(least)["different"]
        if now != before:
            before, changed = now, time.monotonic()
        if now >= (STEADY if least else BURST + gateway.asked(WARM)["different"]):
            return
        time.sleep(0.5)
