"""The process that tries: an order on standard input, what was found on standard output, both JSON.

It leaves the processor to whoever else wants it, and ends by itself when its time is over or the node gone.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
from pydantic import TypeAdapter, ValidationError

from devices.errors import StreamError
from devices.messages import explain
from devices.site.model import Zone
from devices.stream import Frame
from devices.stream.still import still_frame
from edge.errors import EdgeError
from edge.keep.drawing import Colour, annotated
from edge.see.detector import detector_from
from edge.trying.tried import Nearest, Raised, Tried, try_zones

NICE = 19
CPU, WALL = 120.0, 240.0
"""Seconds that looking may take; what was not looked at by then is said. An hour takes some 10 of CPU."""
HARD = 30
"""Seconds of CPU after that before the kernel ends it."""
LUMA = (640, 360)
SHOWN = 12
"""Pictures in the answer at most."""
WIDTH, QUALITY = 480, 72
"""Of each; some 20 kB."""


def main() -> int:
    """Do the order."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (int(CPU) + HARD, int(CPU) + HARD + 5))
    cv2.setNumThreads(1)
    order = json.load(sys.stdin)
    try:
        answer = do(order, _time_left(os.getppid()))
    except ValidationError as error:
        answer = {"fault": explain(error, "zones")}
    except EdgeError as error:
        answer = {"fault": str(error)}
    json.dump(answer, sys.stdout)
    return 0


def do(order: dict[str, Any], more: Callable[[], bool]) -> dict[str, Any]:
    """What the zones of `order` would have raised in its pictures.

    Raises:
        ValidationError: they are none.
        ModelUnusable: there is no such detector.
    """
    zones = TypeAdapter(tuple[Zone, ...]).validate_python(order["zones"])
    stills = [(datetime.fromisoformat(at), Path(path)) for at, path in order["stills"]]
    began = time.process_time()
    tried = try_zones(frames(stills), zones, detector_from(order["model"]), order["timezone"], more)
    return answer_of(tried, time.process_time() - began)


def frames(stills: Sequence[tuple[datetime, Path]]) -> Iterator[Frame]:
    """The pictures, oldest first; what was deleted meanwhile or cannot be read is left out."""
    for at, path in stills:
        try:
            jpeg = path.read_bytes()
            since = (at - stills[0][0]).total_seconds()
            yield still_frame(jpeg, at=since, taken_at=at, size=LUMA)
        except (FileNotFoundError, StreamError):
            continue


def answer_of(tried: Tried, cpu: float) -> dict[str, Any]:
    """As the answer to the command carries it; of the first cases with a picture each."""
    shown = tried.raised[:SHOWN]
    return {
        "result": {
            "pictures": tried.pictures,
            "unclear": tried.unclear,
            "gaps": tried.gaps,
            "began": _iso(tried.began),
            "ended": _iso(tried.ended),
            "complete": tried.complete,
            "cpu_s": round(cpu, 1),
            "raised": [_raised(one, n if n < SHOWN else None) for n, one in enumerate(tried.raised)],
            "nearest": [_nearest(one) for one in tried.nearest],
            "limits": [
                {"zone": post.zone.id, "rule": post.rule.id, "limit": str(limit)}
                for post, limit in tried.limits
            ],
        },
        "pictures": [{"taken_at": one.opened_at.isoformat(), "jpeg": _shown(one)} for one in shown],
    }


def _raised(one: Raised, picture: int | None) -> dict[str, Any]:
    case = one.last
    return {
        "zone": one.post.zone.id,
        "rule": one.post.rule.id,
        "event_class": one.post.rule.event_class,
        "severity": str(one.post.rule.severity),
        "label": case.label,
        "score": round(case.score, 2),
        "count": case.count,
        "count_error": case.count_error,
        "suspected": case.suspected,
        "at_least": case.at_least,
        "since": one.since.isoformat(),
        "opened_at": one.opened_at.isoformat(),
        "cleared_at": _iso(one.cleared_at),
        "picture": picture,
    }


def _nearest(one: Nearest) -> dict[str, Any]:
    return {
        "zone": one.post.zone.id,
        "rule": one.post.rule.id,
        "most": one.most,
        "longest_s": round(one.longest),
    }


def _shown(one: Raised) -> str:
    drawn = annotated(_small(one.picture), one.post.zone.polygon, one.first.box)
    _, data = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return b64encode(data.tobytes()).decode()


def _small(picture: Colour) -> Colour:
    height, width = picture.shape[:2]
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    found: Colour = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return found


def _time_left(parent: int) -> Callable[[], bool]:
    until = time.monotonic() + WALL

    def more() -> bool:
        if os.getppid() != parent:
            sys.exit(1)
        return time.monotonic() < until and time.process_time() < CPU

    return more


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


if __name__ == "__main__":
    sys.exit(main())
