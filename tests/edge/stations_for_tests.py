"""A node that hears stations over real TCP; as a program, one that is killed between commit and answer.

    python -m tests.edge.stations_for_tests DIR [die]

prints the addresses of both protocols, then runs until its end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.messages import Series
from devices.site.model import Names, Node, Sensor, Site, ThresholdRule, Uplink
from devices.site.stations import AirStation, FireStation, Listener
from edge.node import node as node_file
from edge.node import sensing
from edge.node.line import Line
from edge.see.detector import FakeDetector
from simulators.broker import free_port
from tests.edge.points_for_tests import NAME, bodies, point

ZONE = ZoneInfo("Asia/Shanghai")
MN, DEVICE = "010000A8900016F000169DC0", "2c312c320000"
PATIENCE = 60.0
ENV = {"GRIDWATCH_NODE_TOKEN": "t0ken", "AIR_PASSWORD": "123456"}


def rule(quantity: str, above: float, clear: float, **more) -> ThresholdRule:
    given = {"kind": "threshold", "id": quantity, "event_class": "05-06", "quantity": quantity}
    return ThresholdRule(**given | {"above": above, "clear": clear} | more)


def site(period: float = 60.0, **more) -> Site:
    """One point with an air station and a house with a fire alarm system."""
    air = AirStation(protocol="hj212", mn=MN)
    house = FireStation(protocol="gb26875", transmitter=DEVICE)
    hall = FireStation(protocol="gb26875", transmitter=DEVICE, system=1, component="01000100")
    sensors = (
        Sensor(id="dust", name=NAME, kind="air", station=air, period=period, rules=(rule("pm25", 100, 80),)),
        Sensor(id="ear", name=NAME, kind="noise", station=air, rules=(rule("laeq", 70, 65),)),
        Sensor(id="house", name=NAME, kind="fire_alarm", station=house, rules=(rule("fire", 0.5, 0.4),)),
        Sensor(id="hall", name=NAME, kind="fire_alarm", station=hall, rules=(rule("fire", 0.5, 0.4),)),
    )
    listeners = (
        Listener(**{"protocol": "hj212", "listen": "127.0.0.1:0", "password": "AIR"} | more),
        Listener(protocol="gb26875", listen="127.0.0.1:0"),
    )
    return Site(
        version=1,
        name=NAME,
        uplink=Uplink(url=f"http://127.0.0.1:{free_port()}"),
        event_classes=({"code": "05-06", "name": Names(zh="类", en="class")},),
        nodes=(Node(id="n1", name=NAME, stations=listeners),),
        points=(point(sensors=sensors),),
    )


@contextmanager
def running(directory: Path, **more) -> Iterator[node_file.Node]:
    """A node on a thread."""
    tick, sensing.TICK = sensing.TICK, 0.1  # it ends soon
    node = node_file.Node(site(**more), "n1", directory, ENV, FakeDetector([]))
    node.start()
    waiting = threading.Thread(target=node.wait)
    waiting.start()
    try:
        yield node
    finally:
        node.stop()
        waiting.join(PATIENCE)
        node.close()
        sensing.TICK = tick


def told(node: node_file.Node) -> list[tuple[str, str]]:
    """The conditions in its outbox."""
    return [(one.device, one.change.value) for one in bodies(node.store, Series.ALARM)]


def readings(node: node_file.Node) -> int:
    """How many it keeps for the cloud."""
    waiting = sum(len(one.readings) for one in bodies(node.store, Series.TELEMETRY))
    return waiting + node.store.figures().unnumbered


def main() -> None:
    """Run a node; with `die` it is killed as soon as something that was said is kept."""
    if "die" in sys.argv:
        keep = Line._keep

        async def dies(line: Line, found) -> None:
            await keep(line, found)
            os.kill(os.getpid(), signal.SIGKILL)

        Line._keep = dies
    with running(Path(sys.argv[1])) as node:
        for protocol in ("hj212", "gb26875"):
            print(*node.stations.listening(protocol, PATIENCE), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
