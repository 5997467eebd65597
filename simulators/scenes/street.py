"""The simulated street: what each camera's streams show now, and putting or taking a bicycle by hand."""

from __future__ import annotations

import functools
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from simulators.cameras.rtsp_segment import Segment
from simulators.errors import SceneError
from simulators.scenes.encode import GROUP, groups
from simulators.scenes.looks import CAMERAS
from simulators.scenes.scenario import DEMO, MOVING, Name, Scenario, demo
from simulators.scenes.segments import FORMATS, Library, Stream

log = logging.getLogger(__name__)

EVERYWHERE: tuple[Name, ...] = ("empty", "passing")
"""What every camera plays; the rest is encoded for those before which a bicycle is left."""
BICYCLE: tuple[Name, ...] = ("arrival", "present", "passing_present", "removal")
_INSTEAD: dict[Name, Name] = {"passing": "empty", "passing_present": "present"}
"""What is shown while nobody has been encoded yet."""
_ID = re.compile(r"P(\d{2})-C1")
WAITING = -1e9
"""Age in seconds of a street whose scripts have not begun."""
Orders = Mapping[int, tuple[tuple[int, bool], ...]]
"""Camera -> what was ordered by hand, as in `Scenario.orders`."""


def camera_id(index: int) -> str:
    """The id of camera `index` in the shipped street."""
    return f"P{index + 1:02d}-C1"


def camera_index(camera: str) -> int:
    """The index of a camera of the shipped street.

    Raises:
        SceneError: it has no such camera.
    """
    match = _ID.fullmatch(camera)
    if match is None or not 1 <= int(match[1]) <= CAMERAS:
        raise SceneError(f"camera: {camera!r} is none of P01-C1 to {camera_id(CAMERAS - 1)}")
    return int(match[1]) - 1


class Street:
    """All cameras' scripts on one clock. Methods may be called from any thread."""

    def __init__(
        self,
        library: Library,
        *,
        seed: int = 1,
        now: Callable[[], float] = time.monotonic,
        scenarios: Mapping[int, Scenario] | None = None,
    ) -> None:
        """`now`: the RTSP server's clock; the street's second 0 is when this is made, less under a group."""
        self._library = library
        self._now = now
        self._lock = threading.Lock()
        self._scenarios = dict(scenarios or {n: demo(seed, n) for n in range(CAMERAS)})
        self._origin = self._second_0(age=0.0)

    def begin(self, age: float = 0.0, orders: Orders | None = None) -> None:
        """Play all scripts as they are `age` seconds after their second 0, `WAITING` for a quiet street.

        `orders` given by hand are taken over; those given here before are forgotten.
        """
        given = orders or {}
        with self._lock:
            self._origin = self._second_0(age)
            self._scenarios = {
                n: replace(scenario, orders=given.get(n, ())) for n, scenario in self._scenarios.items()
            }

    def _second_0(self, age: float) -> float:
        """The server's clock `age` seconds ago, at the beginning of a group."""
        return math.floor((self._now() - age) / GROUP) * GROUP

    @property
    def age(self) -> float:
        """Seconds since second 0 of the scripts; negative while the street waits for them."""
        return self._now() - self._origin

    @property
    def orders(self) -> Orders:
        """What was ordered by hand."""
        return {n: scenario.orders for n, scenario in self._scenarios.items() if scenario.orders}

    def first(self) -> list[tuple[int, Name]]:
        """What the street cannot begin without: the empty pictures, and the first camera's bicycle."""
        return [(camera, "empty") for camera in self._scenarios] + [
            (camera, name) for camera in self._visited()[:1] for name in BICYCLE
        ]

    def rest(self) -> list[tuple[int, Name]]:
        """What is shown later: may be encoded while the street plays."""
        later = [(camera, name) for camera in self._visited()[1:] for name in BICYCLE]
        return later + [(camera, "passing") for camera in self._scenarios]

    def _visited(self) -> list[int]:
        """Cameras before which something is left, the first first."""
        found = [n for n, scenario in self._scenarios.items() if scenario.visits is not None]
        return sorted(found, key=lambda n: DEMO[n].first if n in DEMO else 0)

    def segment(self, camera: int, stream: Stream, at: float) -> Segment:
        """What a stream shows at `at` on the server's clock: one group of pictures."""
        play = self._scenarios[camera].play(at - self._origin)
        name = play.name
        if name in _INSTEAD and not self._library.ready(camera, name):
            name = _INSTEAD[name]
        if not self._library.ready(camera, name):
            self._library.prepare([(camera, name)])
        shown = _load(self._library, camera, stream, name)
        return shown[play.group % len(shown)]

    def put(self, camera: str) -> None:
        """Have a bicycle left before this camera now; it stays until `take`.

        Raises:
            SceneError: there is no such camera.
        """
        self._order(camera, True)

    def take(self, camera: str) -> None:
        """Have the bicycle before this camera taken now; none comes until `put`.

        Raises:
            SceneError: there is no such camera.
        """
        self._order(camera, False)

    def standing(self, camera: str) -> bool:
        """Whether a bicycle stands before this camera now.

        Raises:
            SceneError: there is no such camera.
        """
        return self._scenarios[self._known(camera)].standing(self._now() - self._origin)

    def moving(self, camera: str) -> bool:
        """Whether something moves before this camera now.

        Raises:
            SceneError: there is no such camera.
        """
        play = self._scenarios[self._known(camera)].play(self._now() - self._origin)
        return play.name in MOVING

    def command(self, line: str) -> str:
        """One line by hand, `put P05-C1` or `take P05-C1`; answers what was done.

        Raises:
            SceneError: the line is neither.
        """
        match line.split():
            case ["put", camera]:
                self.put(camera)
                return f"{camera}: a bicycle is being left"
            case ["take", camera]:
                self.take(camera)
                return f"{camera}: the bicycle is being taken"
        raise SceneError(f"command: {line.strip()!r} is not `put CAMERA` or `take CAMERA`")

    def _order(self, camera: str, standing: bool) -> None:
        index = self._known(camera)
        self._library.prepare([(index, name) for name in BICYCLE])
        with self._lock:
            scenario, at = self._scenarios[index], self._now() - self._origin
            self._scenarios[index] = scenario.put(at) if standing else scenario.take(at)
        log.info("%s: bicycle %s by hand", camera, "put" if standing else "taken")

    def _known(self, camera: str) -> int:
        index = camera_index(camera)
        if index not in self._scenarios:
            raise SceneError(f"camera: {camera} is not simulated here")
        return index


class SceneProgramme:
    """One stream of one camera, as the RTSP server asks for it."""

    def __init__(self, street: Street, camera: str, stream: Stream) -> None:
        """`camera`: its id; `stream`: main or sub.

        Raises:
            SceneError: there is no such camera or stream.
        """
        if stream not in FORMATS:
            raise SceneError(f"stream: {stream!r} is neither main nor sub")
        self._street, self._camera, self._stream = street, camera_index(camera), stream

    def segment(self, at: float) -> Segment:
        """What is shown from `at` on, in seconds of the server's clock."""
        return self._street.segment(self._camera, self._stream, at)


@functools.cache
def _load(library: Library, camera: int, stream: Stream, name: Name) -> tuple[Segment, ...]:
    """A segment's groups, packetised once."""
    found = groups(library.path(camera, stream, name))
    return tuple(Segment.load(units, rate=FORMATS[stream].fps) for units in found)
