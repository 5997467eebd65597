"""What 38 cameras cost: asking them over ONVIF, listening to them, and being them. Prints figures.

Run: python -m tests.bench.bench_onvif [SECONDS]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import threading
import time
from multiprocessing.connection import Connection

CAMERAS = 38


def street(pipe: Connection) -> None:
    """The simulated cameras, in a process of their own; sends the ports, then their CPU at each request."""
    from tests.devices.onvif_peers import device, simulated

    with simulated(*(device(f"P{number:02}-C1") for number in range(1, CAMERAS + 1))) as servers:
        pipe.send([server.port for server in servers])
        while pipe.recv():
            pipe.send(time.process_time())


def resident() -> float:
    """Peak resident memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=street, args=(theirs,))
    process.start()
    ports = ours.recv()

    def street_cpu() -> float:
        ours.send(True)
        return float(ours.recv())

    from tests.devices.onvif_peers import RIGHT

    cpu, memory = time.process_time(), resident()

    def report(what: str) -> None:
        nonlocal cpu, memory
        now, size = time.process_time(), resident()
        print(f"{what:44} {now - cpu:7.3f} CPU-s {size - memory:+7.1f} MiB")
        cpu, memory = now, size

    from devices.onvif import Camera
    from devices.onvif.wsdl import DEVICE, MEDIA, parsed

    report("import (beside what the simulators import)")
    parsed(DEVICE)
    parsed(MEDIA)
    report("parse two descriptions, once a process")
    served = street_cpu()
    cameras = [Camera("127.0.0.1", port, RIGHT) for port in ports]
    for camera in cameras:
        camera.stream_uri(camera.profiles()[0].token)
    report(f"{CAMERAS} cameras: clock, profiles, stream address")
    for camera in cameras:
        camera.probe()
    report(f"{CAMERAS} cameras: probe (clock, who are you)")
    print(f"{'the simulated cameras, for all of that':44} {street_cpu() - served:7.3f} CPU-s")
    before = street_cpu()
    time.sleep(5)
    print(f"{'the simulated cameras, idle for 5 s':44} {street_cpu() - before:7.3f} CPU-s")
    listen(ports, float(sys.argv[1]) if len(sys.argv) > 1 else 150.0)
    ours.send(False)
    process.join()


def listen(ports: list[int], seconds: float) -> None:
    """38 idle pull points on one thread, long polls of a minute: what they cost a camera and second."""
    from edge.node.hearing import Hearing
    from tests.devices.onvif_peers import RIGHT
    from tests.edge.points_for_tests import camera

    env = {"CAM_USER": RIGHT.user, "CAM_PASSWORD": RIGHT.password}
    heard: set[str] = set()
    cameras = [camera(f"P{number:02}-C1", port=port, credentials="CAM") for number, port in enumerate(ports)]

    def note(name: str, facts: object) -> None:
        heard.add(name)

    hearing = Hearing(cameras, env, lambda _: True, str, str, note)
    [(_, work)] = hearing.jobs
    thread = threading.Thread(target=work)
    cpu, memory = time.process_time(), resident()
    thread.start()
    while len(heard) < CAMERAS:
        time.sleep(0.05)
    begun = time.process_time() - cpu
    print(f"{'38 cameras: subscribe to their events':44} {begun:7.3f} CPU-s {resident() - memory:+7.1f} MiB")
    cpu, at = time.process_time(), time.monotonic()
    time.sleep(seconds)
    used, passed = time.process_time() - cpu, time.monotonic() - at
    each = 1000 * used / passed / CAMERAS
    print(f"38 idle pull points for {passed:.0f} s: {used:.3f} CPU-s, {each:.4f} CPU-ms a camera and second")
    hearing.stop()
    thread.join()


if __name__ == "__main__":
    main()
