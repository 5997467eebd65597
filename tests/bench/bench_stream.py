"""CPU of receiving cameras: one process serves N simulated streams, another reads them, both from /proc.

`python -m tests.bench.bench_stream [--cameras 10] [--seconds 20] [--clip FILE]`

Prints one JSON object a line: a case, the side, and its CPU milliseconds per second of one camera's stream
(1000: one whole core), with the resident memory. Measured after all streams are up; nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from devices.stream import CameraStream, FrameRequest
from simulators.cameras.rtsp import Looping, Segment, rtsp_in_thread

TICKS = os.sysconf("SC_CLK_TCK")
SIZE, RATE, GOP, BITS = (1920, 1080), 25, 50, "4M"


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int) -> float:
    """Resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def make_clip(path: Path, seconds: int = 8) -> None:
    """A still scene with sensor noise and a walker: 1080p25, constant 4 Mbit/s, a key frame every 2 s."""
    import av
    import numpy as np

    width, height = SIZE
    random = np.random.default_rng(7)
    coarse = random.integers(40, 200, (height // 60, width // 60), np.uint8)
    scene = np.kron(coarse, np.ones((60, 60), np.uint8))
    noise = random.integers(-6, 7, (8, height, width), np.int16)
    options = {"preset": "superfast", "bf": "0", "x264-params": "scenecut=0:nal-hrd=cbr:force-cfr=1"}
    options |= {"b": BITS, "minrate": BITS, "maxrate": BITS, "bufsize": "2M"}
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options=options)
        video.width, video.height, video.pix_fmt, video.gop_size = width, height, "yuv420p", GOP
        for number in range(seconds * RATE):
            luma = np.clip(scene + noise[number % 8], 16, 235).astype(np.uint8)
            left = number * 8 % (width - 100)
            luma[400:900, left : left + 100] = 90
            planes = np.concatenate([luma, np.full((height // 2, width), 128, np.uint8)])
            container.mux(video.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(video.encode(None))


def serve(clip: str, cameras: int, pipe: Connection) -> None:
    """The server's process: says its port, then plays until told to end."""
    segment = Segment.load(clip)
    with rtsp_in_thread({f"c{n}": Looping(segment) for n in range(cameras)}) as server:
        pipe.send(server.port)
        pipe.recv()


def read(port: int, cameras: int, every: float, pipe: Connection) -> None:
    """The client's process: one thread a camera; says when each has had a frame, and how many came."""
    stop, up, frames = threading.Event(), threading.Semaphore(0), [0] * cameras

    def look(number: int) -> None:
        stream = CameraStream(f"rtsp://127.0.0.1:{port}/c{number}", request=FrameRequest(every=every))
        for _ in stream.frames(stop):
            frames[number] += 1
            if frames[number] == 1:
                up.release()

    threads = [threading.Thread(target=look, args=(number,)) for number in range(cameras)]
    for thread in threads:
        thread.start()
    for _ in threads:
        up.acquire()
    pipe.send(sum(frames))
    pipe.recv()
    pipe.send(sum(frames))
    stop.set()
    for thread in threads:
        thread.join()


def measure(clip: Path, cameras: int, seconds: float) -> list[dict[str, object]]:
    """Both sides while nothing but playing goes on."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(str(clip), cameras, there))
    server.start()
    port = here.recv()
    ours, theirs = context.Pipe()
    client = context.Process(target=read, args=(port, cameras, 1.0, theirs))
    begun = time.monotonic()
    client.start()
    before = ours.recv()
    opening = cpu_seconds(client.pid or 0)
    up = time.monotonic() - begun
    marks = {process.name: cpu_seconds(process.pid or 0) for process in (server, client)}
    begun = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - begun
    rows: list[dict[str, object]] = []
    for side, process in (("server", server), ("client", client)):
        used = cpu_seconds(process.pid or 0) - marks[process.name]
        rows.append(
            {
                "bench": "stream",
                "side": side,
                "cameras": cameras,
                "cpu_ms_per_camera_second": round(1000 * used / passed / cameras, 2),
                "rss_mib": round(resident_mib(process.pid or 0), 1),
            }
        )
    ours.send("end")
    frames = ours.recv() - before
    here.send("end")
    for process in (client, server):
        process.join(30)
    rows[1] |= {
        "frames_per_camera_second": round(frames / passed / cameras, 3),
        "all_up_s": round(up, 2),
        "opening_cpu_ms_per_camera": round(1000 * opening / cameras, 1),
    }
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="CPU of serving and reading N simulated cameras.")
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clip", type=Path, help="an H.264 clip to serve; else 1080p25, 4 Mbit/s is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = options.clip
        if clip is None:
            clip = Path(folder) / "clip.mp4"
            make_clip(clip)
        for row in measure(clip, options.cameras, options.seconds):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
