"""What others do with the same streams: OpenCV reads every frame, FFmpeg at 5 a second, Debian's motion."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from tests.bench.cameras import names
from tests.bench.children import Child, cameras_child
from tests.bench.legs import Figures, Leg, NotRun, Times
from tests.bench.proc import cpu_seconds, family, memory

LOOK = (640, 360)
RATE = 5
"""Looks a second of the FFmpeg child, which is the best-known recorder's setting."""
MOTION_RATE = 15
"""motion's default `framerate`, frames a second it looks at at most."""
WARM_UP = 5.0


Looks = Callable[[], float]
"""How many looks there were so far."""


def run(leg: Leg, times: Times, folder: Path) -> Figures:
    """Start cameras and peer, warm up, measure.

    Raises:
        NotRun: the program is not installed.
    """
    ways = {"cv2": cv2_child, "ffmpeg": ffmpeg_children, "motion": motion_child}
    if leg.who in ("ffmpeg", "motion") and shutil.which(leg.who) is None:
        raise NotRun(f"{leg.who} is not installed")
    with cameras_child(folder, leg.stream, leg.cameras, per_packet=leg.per_packet) as cameras:
        served = cameras.hear()
        uris = [f"rtsp://127.0.0.1:{served['port']}/{name}" for name in names(leg.cameras)]
        with ways[leg.who](uris, folder) as (pids, looks):
            figures = cameras.ask("open")
            time.sleep(WARM_UP)
            begin = (time.monotonic(), used(pids), looks(), cpu_seconds(cameras.pid))
            time.sleep(times.peer)
            end = (time.monotonic(), used(pids), looks(), cpu_seconds(cameras.pid))
            sizes = [memory(pid) for first in pids for pid in family(first)]
    passed, spent, seen, served_cpu = (late - soon for late, soon in zip(end, begin, strict=True))
    return (
        figures
        | {name: served[name] for name in ("key_kb", "kbits")}
        | {
            "cores": round(spent / passed, 3),
            "ms": round(1000 * spent / passed / leg.cameras, 1),
            "server_ms": round(1000 * served_cpu / passed / leg.cameras, 2),
            "looks": round(seen / passed / leg.cameras, 2),
            **{name: sum(size[name] or 0 for size in sizes) for name in ("rss_mib", "pss_mib")},
        }
    )


def used(pids: Sequence[int]) -> float:
    """CPU seconds of processes and their children."""
    return sum(cpu_seconds(pid) for first in pids for pid in family(first))


@contextmanager
def cv2_child(uris: Sequence[str], folder: Path) -> Iterator[tuple[list[int], Looks]]:
    """One process, one thread a camera, each frame read."""
    command = [sys.executable, "-m", "tests.bench.peer_cv2", *uris]
    env = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp"}
    with Child(command, folder / "cv2.log", env) as child:
        yield [child.pid], lambda: float(child.ask()["frames"])


@contextmanager
def ffmpeg_children(uris: Sequence[str], folder: Path) -> Iterator[tuple[list[int], Looks]]:
    """One FFmpeg a camera, 5 raw pictures a second to a pipe; reading the pipe is not counted."""
    size = LOOK[0] * LOOK[1] * 3 // 2
    seen = [0] * len(uris)

    def drain(number: int, pipe: IO[bytes]) -> None:
        while len(pipe.read(size)) == size:
            seen[number] += 1

    with ExitStack() as stack:
        children = []
        for number, uri in enumerate(uris):
            child = stack.enter_context(
                subprocess.Popen(
                    [
                        "ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-threads", "2",
                        "-i", uri, "-r", str(RATE), "-vf", f"fps={RATE},scale={LOOK[0]}:{LOOK[1]}",
                        "-threads", "2", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1",
                    ],
                    stdout=subprocess.PIPE,
                )
            )  # fmt: skip
            stack.callback(child.terminate)
            children.append(child)
            assert child.stdout is not None
            threading.Thread(target=drain, args=(number, child.stdout), daemon=True).start()
        yield [child.pid for child in children], lambda: float(sum(seen))


@contextmanager
def motion_child(uris: Sequence[str], folder: Path) -> Iterator[tuple[list[int], Looks]]:
    """One motion for all, writing nothing; its looks are what it is set to, not counted."""
    files = []
    for number, uri in enumerate(uris, 1):
        file = folder / f"camera-{number}.conf"
        file.write_text(f"camera_id {number}\nnetcam_url {uri}\nnetcam_params rtsp_transport=tcp\n")
        files.append(file)
    fixed = "daemon off\nwebcontrol_port 0\nstream_port 0\npicture_output off\nmovie_output off\n"
    rate = f"framerate {MOTION_RATE}\nwidth {LOOK[0]}\nheight {LOOK[1]}\n"
    cameras = "".join(f"camera {file}\n" for file in files)
    config = folder / "motion.conf"
    config.write_text(f"{fixed}{rate}target_dir {folder}\nlog_file {folder / 'motion.txt'}\n{cameras}")
    begun = time.monotonic()
    with Child(["motion", "-c", str(config)], folder / "motion.log") as child:
        yield [child.pid], lambda: (time.monotonic() - begun) * MOTION_RATE * len(uris)
