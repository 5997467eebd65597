"""What sensors cost the edge: `python -m tests.bench.bench_sensors`. One JSON line a figure.

A message of the bench carries two readings (a level and a battery). CPU is this process's own; the broker's
comes from its `/proc` entry. The publisher works before the clock starts. Then gateways side by side
(`sensors_side`), with one reading a message.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from devices.credentials import Credentials
from devices.messages import DeviceStatus
from devices.sensors.client import SensorClient
from devices.sensors.decoders.base import Incoming
from devices.sensors.router import Router
from devices.sensors.topics import filters
from devices.sensors.track import Track, follow
from devices.site.model import Broker, Site
from simulators.broker import KINDS, Kind, RunningBroker, start_broker
from tests.bench.sensors_legs import site
from tests.bench.sensors_load import PASSWORD, POINTS, SENSORS, USER
from tests.bench.sensors_side import side_by_side

MESSAGES = 20_000
WHO = Credentials(USER, PASSWORD)


def main() -> int:
    """Measure and print."""
    say("machine", cores=os.cpu_count())
    decoding()
    tracking()
    for kind in KINDS:
        receiving(kind)
    for figures in side_by_side():
        say("side by side", **figures)
    return 0


def say(name: str, **figures: object) -> None:
    """One JSON line."""
    print(json.dumps({"bench": f"sensors.{name}", **figures}), flush=True)


def payload(sensor: str, seq: int) -> bytes:
    """A message as the simulated sensors send it."""
    stamp = int(time.time() * 1000)
    body = {
        "v": 1,
        "dev": sensor,
        "boot": "7f3a90c1",
        "seq": seq,
        "t": stamp,
        "m": [{"n": "water_level", "v": 0.42, "u": "cm"}, {"n": "battery", "v": 87, "u": "%EL"}],
        "rssi": -97,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def listener() -> Router:
    """What decodes all sensors of the load."""
    return Router(Site.model_validate(site(1, 1)).points, UTC)


def decoding() -> None:
    """CPU of one message from bytes to readings."""
    router, message, now = listener(), payload("P07-S1", 12), datetime.now(UTC)
    readings = 0
    began = time.process_time()
    for _ in range(MESSAGES):
        readings += len(router.hear(Incoming("grid/v1/P07/P07-S1/tele", message, now)).readings)
    spent = time.process_time() - began
    say(
        "decode",
        bytes=len(message),
        cpu_us_per_message=round(spent / MESSAGES * 1e6, 2),
        cpu_us_per_reading=round(spent / readings * 1e6, 2),
    )


def tracking() -> None:
    """CPU of one step of the loss tracker."""
    track = Track()
    began = time.process_time()
    for seq in range(MESSAGES):
        track, _ = follow(track, "7f3a", seq)
    say("track", cpu_us_per_message=round((time.process_time() - began) / MESSAGES * 1e6, 2))


def receiving(kind: Kind) -> None:
    """CPU and pace from the broker's queue through decoding to the acknowledgement, without a store."""
    with tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as directory:
        users = {WHO.user: WHO.password}
        with start_broker(Path(directory), users, prefer=kind) as broker:
            subscribe(broker).stop()
            backlog = fill(broker)
            before = broker_cpu(broker)
            began, began_cpu = time.monotonic(), time.process_time()
            client = subscribe(broker)
            router = listener()
            readings, seen = 0, 0
            while seen < backlog:
                delivery = client.deliveries.get(timeout=60)
                heard = router.hear(Incoming(delivery.topic, delivery.payload, delivery.received_at))
                readings += len(heard.readings)
                delivery.ack()
                seen += 1
            spent, took = time.process_time() - began_cpu, time.monotonic() - began
            client.stop()
            say(
                "receive",
                broker=kind,
                subscriptions=len(wanted(broker)),
                messages=seen,
                readings=readings,
                messages_per_s=round(seen / took),
                cpu_us_per_message=round(spent / seen * 1e6, 1),
                cpu_us_per_reading=round(spent / readings * 1e6, 1),
                broker_cpu_us_per_message=round((broker_cpu(broker) - before) / seen * 1e6, 1),
                max_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            )


def subscribe(broker: RunningBroker) -> SensorClient:
    """A client with its subscriptions in place."""
    statuses: queue.Queue[DeviceStatus] = queue.Queue()
    client = SensorClient(
        Broker(port=broker.port),
        WHO,
        client_id="bench",
        filters=wanted(broker),
        on_status=lambda status, _: statuses.put(status),
    )
    client.start()
    assert statuses.get(timeout=10) is DeviceStatus.UP
    return client


def wanted(broker: RunningBroker) -> tuple[str, ...]:
    """One subscription a point; one for all with nats-server, which deals several out in turns."""
    return filters(POINTS) if broker.kind == "mosquitto" else ("grid/v1/+/+/+",)


def fill(broker: RunningBroker) -> int:
    """Publish a backlog for the absent subscriber; how many messages it has."""
    sender = mqtt.Client(CallbackAPIVersion.VERSION2)
    sender.username_pw_set(WHO.user, WHO.password)
    sender.max_inflight_messages_set(200)
    sender.connect("127.0.0.1", broker.port)
    sender.loop_start()
    sensors = list(SENSORS)
    sent = [
        sender.publish(f"grid/v1/{SENSORS[sensor]}/{sensor}/tele", payload(sensor, seq), 1)
        for seq in range(MESSAGES // len(sensors))
        for sensor in sensors
    ]
    for message in sent:
        message.wait_for_publish(60)
    sender.disconnect()
    sender.loop_stop()
    return len(sent)


def broker_cpu(broker: RunningBroker) -> float:
    """CPU seconds of the broker so far."""
    times = psutil.Process(broker.pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    raise SystemExit(main())
