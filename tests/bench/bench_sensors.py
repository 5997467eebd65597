"""What sensors cost the edge: `python -m tests.bench.bench_sensors`. One JSON line a figure.

A message of the bench carries two readings (a level and a battery). CPU is this process's own; the broker's
comes from its `/proc` entry. The publisher works before the clock starts.
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
from devices.sensors.decode import decode
from devices.sensors.topics import filters
from devices.sensors.track import Track, follow
from devices.site.model import Broker
from simulators.broker import KINDS, Kind, RunningBroker, start_broker

MESSAGES = 20_000
POINTS = [f"P{number:02}" for number in range(1, 39)]
WHERE = {f"{point}-S{sensor}": point for point in POINTS for sensor in range(10)}
USER = Credentials("bench", "only-for-the-bench")


def main() -> int:
    """Measure and print."""
    say("machine", cores=os.cpu_count())
    decoding()
    tracking()
    for kind in KINDS:
        receiving(kind)
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


def decoding() -> None:
    """CPU of one message from bytes to readings."""
    message, now = payload("P07-S1", 12), datetime.now(UTC)
    readings = 0
    began = time.process_time()
    for _ in range(MESSAGES):
        readings += len(decode("grid/v1/P07/P07-S1/tele", message, WHERE, now))
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
        users = {USER.user: USER.password}
        with start_broker(Path(directory), users, prefer=kind) as broker:
            subscribe(broker).stop()
            backlog = fill(broker)
            before = broker_cpu(broker)
            began, began_cpu = time.monotonic(), time.process_time()
            client = subscribe(broker)
            readings, seen = 0, 0
            while seen < backlog:
                delivery = client.deliveries.get(timeout=60)
                readings += len(decode(delivery.topic, delivery.payload, WHERE, delivery.received_at))
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
        USER,
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
    sender.username_pw_set(USER.user, USER.password)
    sender.max_inflight_messages_set(200)
    sender.connect("127.0.0.1", broker.port)
    sender.loop_start()
    sensors = list(WHERE)
    sent = [
        sender.publish(f"grid/v1/{WHERE[sensor]}/{sensor}/tele", payload(sensor, seq), 1)
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
