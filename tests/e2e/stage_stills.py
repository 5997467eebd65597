"""Stills as the nodes of a stage would bring them, drawn: for pictures of the pages that show them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from devices.video import STILLS_PATH, StillHead, pack_still
from tests.e2e.fake_photos import draw
from tests.e2e.fake_street import SCENES
from tests.e2e.stage import Stage

EVERY = 1.0
"""Seconds between two stills of a camera."""


@contextmanager
def stills_of(stage: Stage) -> Iterator[None]:
    """Every node brings stills of its cameras until the end of the block."""
    over = threading.Event()
    threads = [
        threading.Thread(target=_bring, args=(stage, node.id, over), daemon=True) for node in stage.site.nodes
    ]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join(10)


def _bring(stage: Stage, node: str, over: threading.Event) -> None:
    bearer = {"Authorization": f"Bearer {stage.tokens[node]}"}
    url = stage.origin.replace("http", "ws", 1) + STILLS_PATH
    while not over.is_set():
        # The cloud ends what nobody looks at; a node would wait until somebody does.
        try:
            with connect(url, additional_headers=bearer, proxy=None, close_timeout=1) as connection:
                _send(stage, node, connection, over)
        except ConnectionClosed:
            over.wait(EVERY)


def _send(stage: Stage, node: str, connection: ClientConnection, over: threading.Event) -> None:
    counts = {scene.point: scene.count or 0 for scene in SCENES}
    while not over.wait(EVERY):
        for point in stage.site.points_of(node):
            jpeg = draw("now", int(point.id[1:]), counts.get(point.id, 0))
            for camera in point.cameras:
                connection.send(pack_still(StillHead(camera=camera.id, age=0.2), jpeg))
