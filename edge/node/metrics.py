"""What Prometheus may ask of a node; read off when asked, so that it costs nothing in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from devices.sensors.refused import Refused
from edge.node.mailbox import Mailbox
from edge.node.reception import Reception
from edge.node.throttle import Throttle

TICKS = 100
"""Of `/proc/<pid>/stat` a second: USER_HZ, fixed in Linux' interface (proc(5))."""
OF_CAMERA = (
    ("keys", "key_frames", "Key frames that came.", True),
    ("looks", "looks", "Pictures handed to the eye.", True),
    ("dropped", "dropped", "Coded pictures that were broken or could not be decoded.", True),
    ("lost", "lost_packets", "RTP packets missing by their numbers.", True),
    ("reconnects", "reconnects", "Connections after the first.", True),
    ("thinning", "thinning_level", "Of 2 to this power key frames that are due one is looked at.", False),
    ("key_interval_s", "key_interval_seconds", "Longest of the last three key intervals.", False),
)
"""Fact, name, help, and whether it only rises."""


class NodeCollector(Collector):
    """Reads a running node."""

    def __init__(self, reception: Reception, mailbox: Mailbox, throttle: Throttle, refused: Refused) -> None:
        self._refused = refused
        self._reception = reception
        self._mailbox = mailbox
        self._throttle = throttle

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        cameras = {camera: self._reception.facts(camera) for camera in self._reception.cameras}
        for fact, name, text, rises in OF_CAMERA:
            family = CounterMetricFamily if rises else GaugeMetricFamily
            metric = family(f"gridwatch_camera_{name}", text, labels=["camera"])
            for camera, facts in cameras.items():
                if fact in facts:
                    metric.add_metric([camera], float(facts[fact]))
            yield metric
        state = GaugeMetricFamily("gridwatch_camera_up", "1 while it delivers.", labels=["camera"])
        for camera in cameras:
            state.add_metric([camera], self._reception.stream(camera).state == "up")
        yield state
        decoders = self._reception.decoders
        skipped = CounterMetricFamily(
            "gridwatch_pictures_skipped", "Due, but a newer one of the camera came first.", labels=["before"]
        )
        skipped.add_metric(["decoding"], decoders.replaced)
        skipped.add_metric(["looking"], self._mailbox.skipped)
        yield skipped
        unread = CounterMetricFamily(
            "gridwatch_sensor_unreadable", "Messages of which something could not be used.", labels=["sensor"]
        )
        unread.add_metric([""], self._refused.strangers)
        for sensor, one in list(self._refused.sensors.items()):
            unread.add_metric([sensor], one.times)
        yield unread
        for name, text, value in (
            ("ring_bytes", "Coded pictures kept for evidence.", self._reception.ring.size),
            ("decode_queue", "Coded pictures that wait for a decoder.", decoders.waiting),
            ("thinning_step", "How far cameras are thinned.", self._throttle.thinning.step),
            ("cpu_cores", "CPU seconds a second, over the last window.", self._throttle.cores),
        ):
            yield GaugeMetricFamily(f"gridwatch_node_{name}", text, value=value)
        cpu = CounterMetricFamily("gridwatch_node_cpu_seconds", "By each thread.", labels=["thread"])
        for name, seconds in cpu_by_thread().items():
            cpu.add_metric([name], seconds)
        yield cpu


def cpu_by_thread() -> dict[str, float]:
    """CPU seconds of the Python threads that live, by name; those of one name together."""
    used: dict[str, float] = {}
    for thread in threading.enumerate():
        try:
            stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text(encoding="utf-8")
        except OSError:
            continue  # it has just ended
        fields = stat.rpartition(")")[2].split()
        used[thread.name] = used.get(thread.name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return used


def serve_metrics(
    port: int, reception: Reception, mailbox: Mailbox, throttle: Throttle, refused: Refused
) -> int:
    """Serve `/metrics` on a port of 127.0.0.1, 0 for a free one; the port. Ends with the process.

    Raises:
        OSError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(NodeCollector(reception, mailbox, throttle, refused))
    server, _ = start_http_server(port, addr="127.0.0.1", registry=registry)
    return int(server.server_port)
