"""The bench's cameras as a process of its own: `python -m tests.bench.cameras --stream main --cameras 38`.

It prints one line of JSON when it serves, and answers each line of its standard input with one: `count`,
`open` (how long it took until all were played), `busy SECONDS`; it ends with its input.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict

from simulators.cameras.rtsp import Fault, Segment, Server, rtsp_in_thread
from tests.bench.plan import Script, begin_after, scenario, visits
from tests.bench.streams import GROUP, Content, load, prepare

STEP = 0.01
"""Seconds between two looks at how many sessions are open."""
PATIENCE = 60.0


class Shown:
    """What one camera shows."""

    def __init__(self, content: Content, number: int) -> None:
        self._content = content
        self.script = Script(scenario(number, ()))

    def segment(self, at: float) -> Segment:
        """For the RTSP server."""
        play = self.script.play(at)
        stretch = self._content.stretches[play.name]
        return stretch[play.group % len(stretch)]


def ahead(number: int, cameras: int) -> float:
    """Key frames of the cameras are spread over a group, as they are on a street."""
    return number * GROUP / cameras


def names(cameras: int) -> list[str]:
    """The cameras' ids, which are their paths too."""
    return [f"C{number + 1:02d}" for number in range(cameras)]


def begin(shown: Sequence[Shown], seconds: float) -> dict[str, object]:
    """Busy begins: what is brought and taken, and since when before each camera, as Unix time."""
    planned = visits(len(shown), seconds)
    now, unix = time.monotonic(), time.time()
    begins = []
    for number, one in enumerate(shown):
        own = now + ahead(number, len(shown))
        at = begin_after(own + GROUP)
        one.script = Script(scenario(number, planned), at)
        begins.append(unix + at - own)
    return {"visits": [asdict(visit) for visit in planned], "begins": begins}


class Opening:
    """Sees how long it takes from the first connection until every camera is played."""

    def __init__(self, server: Server, paths: Sequence[str]) -> None:
        self._server = server
        self._paths = paths
        self._took: float | None = None
        self._thread = threading.Thread(target=self._watch, name="opening", daemon=True)
        self._thread.start()

    def took(self) -> float | None:
        """Seconds; None: somebody is not there after `PATIENCE`."""
        self._thread.join(PATIENCE)
        return self._took

    def _watch(self) -> None:
        while not self._server.sessions():
            time.sleep(STEP)
        begun = time.monotonic()
        while not all(self._server.viewers(path) for path in self._paths):
            time.sleep(STEP)
        self._took = round(time.monotonic() - begun, 2)


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stream", required=True)
    parser.add_argument("--cameras", type=int, required=True)
    parser.add_argument("--per-packet", action="store_true", help="write each RTP packet by itself")
    options = parser.parse_args()
    contents = [load(folder, options.stream) for folder in prepare([options.stream])]
    paths = names(options.cameras)
    shown = [Shown(contents[number % len(contents)], number) for number in range(options.cameras)]
    offsets = {path: ahead(number, options.cameras) for number, path in enumerate(paths)}
    with rtsp_in_thread(dict(zip(paths, shown, strict=True)), ahead=offsets) as server:
        opening = Opening(server, paths)
        for path in paths:
            server.fault(path, Fault.PER_PACKET_WRITES, on=options.per_packet)
        keys = sum(content.key_kb for content in contents) / len(contents)
        rate = sum(content.kbits for content in contents) / len(contents)
        say({"port": server.port, "key_kb": round(keys), "kbits": round(rate)})
        for line in sys.stdin:
            match line.split():
                case ["count"]:
                    say({"frames": server.frames_sent(), "keys": server.keys_sent()})
                case ["open"]:
                    say({"open_s": opening.took()})
                case ["busy", seconds]:
                    say(begin(shown, float(seconds)))


def say(what: dict[str, object]) -> None:
    """One line of JSON."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
