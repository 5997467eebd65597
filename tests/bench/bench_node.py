"""What edge nodes cost with cameras before them: `python -m tests.bench.bench_node`. JSON lines.

The simulated street (38 cameras over RTSP and ONVIF, a broker with its sensors) and the edge nodes run as
processes of their own, as in the demo, but without a cloud: alarms and health stay in the nodes' stores, out
of which the counts of pictures are read at the end. CPU is user and system time of `/proc/<pid>/stat` over
the measured span. Before it all cameras deliver, the street's script begins (a bicycle is left before one
camera after 8 s, people pass before all) and the nodes warm up: opening streams is not in the figure.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from devices.ids import uuid7
from devices.messages import DeviceStatus, Health, Series
from devices.site.edit import dump_site, with_ports
from devices.site.load import load_site
from devices.site.model import Node, Site
from edge.keep import NodeStore
from simulators.broker import answers, broker_command, free_port
from simulators.orders import order, takes_orders
from simulators.supervisor import Program, Supervisor
from tests.bench.proc import busy_seconds, cpu_seconds, load, machine, memory

STREET = Path("examples/street/site.yaml")
WARM_UP = 20.0
SECONDS = 105.0
"""Long enough for two of the reports that nodes make every minute, between which pictures are counted."""
PATIENCE = 120.0
"""Seconds for a part to come up."""
ONVIF = range(23001, 30000, 100)
"""Where the first camera's port may be; the others follow, out of the demo's way."""
NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Seen:
    """What nodes saw, by their own count."""

    up: int = 0
    """Cameras that delivered pictures."""
    rates: tuple[float, ...] = ()
    """Pictures decoded a second, of each camera with two reports."""
    skipped: int = 0
    """Since the start; decoded but replaced by a newer one before they were looked at."""
    alarms: int = 0
    """Alarm messages queued."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench_node", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="how long each run is measured (%(default)s)"
    )
    parser.add_argument(
        "--nodes", type=int, nargs="+", default=[4, 1], metavar="N", help="runs: all cameras on N nodes (4 1)"
    )
    options = parser.parse_args()
    say("machine", **machine())
    for count in options.nodes:
        with tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as directory:
            measure(Path(directory), count, options.seconds)
    return 0


def say(name: str, **figures: object) -> None:
    """One JSON line."""
    told = {key: NOT_MEASURED if value is None else value for key, value in figures.items()}
    print(json.dumps({"bench": f"node.{name}", **told}, ensure_ascii=False), flush=True)


def measure(directory: Path, count: int, seconds: float) -> None:
    """All cameras on `count` nodes: start everything, warm up, measure, end, read what was seen."""
    broker, rtsp, nobody = free_port(), free_port(), free_port()
    site = divided(load_site(STREET), count)
    onvif = free_ports(sum(cameras_of(site, node.id) for node in site.nodes))
    site = with_ports(site, broker=broker, cloud=nobody, rtsp=rtsp, onvif=onvif)
    with everything(directory, site, broker, rtsp) as supervisor:
        time.sleep(WARM_UP)
        pids = {name: one.process.pid for name, one in supervisor.running.items()}
        before, busy, began = {name: cpu_seconds(pid) for name, pid in pids.items()}, busy_seconds(), now()
        time.sleep(seconds)
        took = now() - began
        cores = {
            name: (cpu_seconds(pids[name]) - before[name]) / took
            for name, one in supervisor.running.items()
            if one.process.poll() is None
        }
        machine_cores = (busy_seconds() - busy) / took
        sizes = {name: memory(pids[name]) for name in cores}
        loaded = load()
    seen = {node.id: what_was_seen(directory / f"edge-{node.id}", node.id) for node in site.nodes}
    for node in site.nodes:
        name = f"edge-{node.id}"
        cost(count, node.id, cameras_of(site, node.id), cores.get(name), seen[node.id], sizes.get(name, {}))
    if count > 1:
        ran = [cores.get(f"edge-{node.id}") for node in site.nodes]
        known = [one for one in ran if one is not None]
        total = sum(known) if len(known) == len(ran) else None
        cost(count, "all", sum(cameras_of(site, node.id) for node in site.nodes), total, added(seen), {})
    rest = max(0.0, machine_cores - sum(cores.values()))
    say(
        "beside", nodes=count, measured_s=round(took, 1), street_cores=rounded(cores.get("street")),
        broker_cores=rounded(cores.get("broker")), machine_cores=round(machine_cores, 2),
        others_cores=round(rest, 2), load=loaded,
    )  # fmt: skip


def free_ports(count: int) -> int:
    """The first of `count` ports in a row on which nobody listens."""
    return next(first for first in ONVIF if all(is_free(port) for port in range(first, first + count)))


def is_free(port: int) -> bool:
    """Whether a port of the loopback address can be had."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def now() -> float:
    """Seconds on a steady clock."""
    return time.monotonic()


def cost(
    nodes: int, who: str, cameras: int, cores: float | None, seen: Seen, sizes: Mapping[str, int | None]
) -> None:
    """The figures of one node, or of all of them."""
    say(
        "cost", nodes=nodes, who=who, cameras=cameras, cameras_up=seen.up,
        cpu_s_per_camera_hour=None if cores is None else round(cores * 3600 / cameras, 1),
        cores=rounded(cores),
        pictures_per_camera_s=round(fmean(seen.rates), 2) if seen.rates else None,
        skipped=seen.skipped, alarm_messages=seen.alarms, **sizes,
    )  # fmt: skip


def rounded(cores: float | None) -> float | None:
    """CPU seconds a second."""
    return None if cores is None else round(cores, 3)


def added(seen: Mapping[str, Seen]) -> Seen:
    """What all nodes saw together."""
    all_of = seen.values()
    return Seen(
        sum(one.up for one in all_of),
        tuple(rate for one in all_of for rate in one.rates),
        sum(one.skipped for one in all_of),
        sum(one.alarms for one in all_of),
    )


def divided(site: Site, count: int) -> Site:
    """The points shared out in order among `count` nodes; the site as it is where it has that many."""
    if count == len(site.nodes):
        return site
    nodes = tuple(Node(id=f"n{at + 1}", name=site.nodes[0].name) for at in range(count))
    points = tuple(
        point.model_copy(update={"node": nodes[at * count // len(site.points)].id})
        for at, point in enumerate(site.points)
    )
    return site.model_copy(update={"nodes": nodes, "points": points})


def cameras_of(site: Site, node: str) -> int:
    """How many cameras a node has."""
    return sum(len(point.cameras) for point in site.points_of(node))


@contextmanager
def everything(directory: Path, site: Site, broker: int, rtsp: int) -> Iterator[Supervisor]:
    """Broker, street and nodes as processes, ended in order."""
    site_file = directory / "site.yaml"
    site_file.write_text(dump_site(site), encoding="utf-8")
    env = {
        "STREET_CAMERA_USER": "camera", "STREET_CAMERA_PASSWORD": secrets.token_urlsafe(12),
        "STREET_MQTT_USER": "mqtt", "STREET_MQTT_PASSWORD": secrets.token_urlsafe(12),
        "GRIDWATCH_NODE_TOKEN": "nobody-asks-for-it",
    }  # fmt: skip
    gridwatch, given = [sys.executable, "-m", "gridwatch"], ["--site", str(site_file)]
    supervisor = Supervisor(directory / "logs", lambda text: print(text, file=sys.stderr))
    try:
        users = {env["STREET_MQTT_USER"]: env["STREET_MQTT_PASSWORD"]}
        supervisor.start(Program("broker", broker_command(directory / "broker", broker, users)))
        wait_for("broker", supervisor, lambda: answers(broker))
        subprocess.run([*gridwatch, "simulate", *given, "--prepare", "all"], check=True, capture_output=True)
        street = directory / "street"
        state = ["--state", str(street), "--rtsp-port", str(rtsp), "--wait"]
        supervisor.start(Program("street", [*gridwatch, "simulate", *given, *state], env))
        wait_for("street", supervisor, lambda: takes_orders(street))
        for node in site.nodes:
            mine = ["--node", node.id, "--state", str(directory / f"edge-{node.id}")]
            supervisor.start(Program(f"edge-{node.id}", [*gridwatch, "edge", *given, *mine], env))
        cameras = sum(cameras_of(site, node.id) for node in site.nodes)
        wait_for("street", supervisor, lambda: int(order(street, "watched")) == cameras)
        order(street, "begin")
        yield supervisor
    finally:
        supervisor.stop()


def wait_for(name: str, supervisor: Supervisor, ready: Callable[[], bool]) -> None:
    """Until the part is ready; one that ends or takes too long ends the bench."""
    due = now() + PATIENCE
    while not ready():
        if supervisor.running[name].process.poll() is not None or now() > due:
            last = supervisor.log(name).read_text(encoding="utf-8").strip().splitlines()[-2:]
            raise SystemExit(f"the {name} did not come up: {' '.join(last)}")
        time.sleep(0.2)


def what_was_seen(state: Path, node: str) -> Seen:
    """Out of a node's store, after the node ended."""
    store = NodeStore.open(state, node, now=lambda: datetime.now(UTC), new_id=uuid7)
    try:
        reports = [event.body() for event in store.batch(Series.HEALTH, limit=10**6, limit_bytes=10**9)]
        alarms = store.figures().series[Series.ALARM].queued
    finally:
        store.close()
    told: dict[str, list[Health]] = {}
    for body in reports:
        if isinstance(body, Health):
            told.setdefault(body.device, []).append(body)
    cameras = [one for one in told.values() if one[-1].kind == "camera"]
    up = sum(one[-1].status is DeviceStatus.UP for one in cameras)
    rates = tuple(rate for one in cameras if (rate := pictures_a_second(one)) is not None)
    skipped = int(told[node][-1].facts.get("skipped", 0)) if node in told else 0
    return Seen(up, rates, skipped, alarms)


def pictures_a_second(reports: Sequence[Health]) -> float | None:
    """Decoded between a camera's last two reports: their share of the packets, times the stream's rate."""
    counted = [one.facts for one in reports if "packets" in one.facts and "fps" in one.facts][-2:]
    if len(counted) < 2:
        return None
    packets, decoded = (float(counted[1][name]) - float(counted[0][name]) for name in ("packets", "decoded"))
    return decoded / packets * float(counted[1]["fps"]) if packets else None


if __name__ == "__main__":
    sys.exit(main())
