"""A few threads that decode the pictures of many cameras.

Key frames go through decoders that all cameras share, one of each codec a thread; a camera of which every
picture is wanted has a decoder of its own, for as long as that lasts. Work never piles up: a newer key frame
takes the place of one that still waits, and a film that falls behind goes on at its next key frame.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import cast

from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from devices.stream.coded import Coded
from devices.stream.frame import Frame, picture_frame

MOST_WAITING = 300
"""Units of one film that may wait, 12 s of 25 a second; beyond it goes on at its next key frame."""
AT_ONCE = 25
"""Units of one film decoded before the next camera has its turn."""
TICK = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Order:
    """One coded picture to be decoded."""

    unit: Coded
    at: float
    """Stream time, seconds."""
    zero: datetime
    """UTC of stream time 0."""
    size: tuple[int, int]
    """Width and height of the luma that is asked for."""
    wanted: bool = True
    """The picture is to be handed out; else it is only needed for those after it."""


Done = Callable[[str, Order, Frame | None], None]
"""Takes the camera, a wanted order and its frame, None where none could be decoded; on a decoding thread."""


def still(decoder: VideoCodecContext, unit: Coded) -> VideoFrame | None:
    """The picture of one key unit, by a decoder that served another camera before; None if it is damaged.

    Parameter sets first, then drained and flushed: a shared decoder otherwise hands out the picture of
    another camera, from before, or decodes with another's parameter sets.
    """
    try:
        pictures = decoder.decode(Packet(unit.parameters + unit.annexb())) + decoder.decode(None)
    except FFmpegError:
        pictures = []
    finally:
        decoder.flush_buffers()
    return next((one for one in pictures if not one.is_corrupt), None)


def new_decoder(codec: str) -> VideoCodecContext:
    """A decoder that works on the calling thread alone."""
    decoder = cast("VideoCodecContext", CodecContext.create(codec, "r"))
    decoder.thread_count = 1
    return decoder


class Film:
    """One camera's own decoder: every unit in, the wanted pictures out. For one thread at a time."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.decoder = new_decoder(codec)
        self._number = 0
        self._wanted: dict[int, Order] = {}

    def take(self, order: Order) -> list[tuple[Order, VideoFrame | None]]:
        """What this unit brought out: units come in decoding order, pictures in the order they are shown."""
        unit = order.unit
        self._number += 1
        packet = Packet(unit.parameters + unit.annexb() if unit.key else unit.annexb())
        packet.time_base, packet.pts = TICK, self._number
        if order.wanted:
            self._wanted[self._number] = order
        try:
            pictures = self.decoder.decode(packet)
        except FFmpegError:
            return [(order, None)] if self._wanted.pop(self._number, None) is not None else []
        out: list[tuple[Order, VideoFrame | None]] = []
        for picture in pictures:
            shown = None if picture.pts is None else self._wanted.pop(picture.pts, None)
            if shown is not None:
                out.append((shown, None if picture.is_corrupt else picture))
        return out


@dataclass(slots=True)
class _Lane:
    """What waits of one camera. Its units are decoded in order, by one thread at a time."""

    waiting: deque[Order] = field(default_factory=deque)
    filming: bool = False
    lost: bool = False
    """Units of the film were let go: nothing can be decoded before the next key frame."""
    busy: bool = False
    film: Film | None = None


class Decoders:
    """What waits to be decoded, and `work`, which is the whole life of each decoding thread.

    Any thread may give orders; the orders of one camera come from one thread.
    """

    def __init__(self, done: Done) -> None:
        self._done = done
        self._changed = threading.Condition()
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._ready: OrderedDict[str, _Lane] = OrderedDict()
        self._closed = False
        self._begun: dict[int, float] = {}
        self.replaced = 0
        """Wanted pictures that were never decoded, because newer ones came before their turn."""

    @property
    def waiting(self) -> int:
        """Units that wait, of all cameras."""
        with self._changed:
            return sum(len(lane.waiting) for lane in self._lanes.values())

    def busy_for(self) -> float:
        """Seconds since the longest piece of work that goes on was begun; 0 while there is none."""
        begun = list(self._begun.values())
        return time.monotonic() - min(begun) if begun else 0.0

    def still(self, camera: str, order: Order) -> None:
        """Decode one key unit by itself; takes the place of whatever of this camera still waits."""
        with self._changed:
            lane = self._lanes.setdefault(camera, _Lane())
            self._let_go(lane)
            lane.filming = lane.lost = False
            lane.waiting.append(order)
            self._offer(camera, lane)

    def film(self, camera: str, orders: Sequence[Order]) -> None:
        """Decode these units after those given before; the first ones of a film begin with a key unit."""
        with self._changed:
            lane = self._lanes.setdefault(camera, _Lane())
            if not lane.filming:
                self._let_go(lane)
                lane.filming, lane.lost = True, False
            for order in orders:
                if len(lane.waiting) >= MOST_WAITING:
                    self._let_go(lane)
                    lane.lost = True
                if lane.lost and not order.unit.key:
                    self.replaced += order.wanted
                    continue
                lane.lost = False
                lane.waiting.append(order)
            self._offer(camera, lane)

    def forget(self, camera: str) -> None:
        """The camera's stream is over: what waits of it is let go, and its own decoder given back."""
        with self._changed:
            lane = self._lanes.pop(camera, None)
            self._ready.pop(camera, None)
            if lane is not None:
                lane.waiting.clear()

    def work(self) -> None:
        """Decode until `close`."""
        decoders: dict[str, VideoCodecContext] = {}
        reformatter = VideoReformatter()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._closed)
                if self._closed:
                    return
                camera, lane = self._ready.popitem(last=False)
                filming = lane.filming
                orders = [lane.waiting.popleft() for _ in range(min(AT_ONCE, len(lane.waiting)))]
                lane.busy = True
                self._begun[threading.get_ident()] = time.monotonic()
            if filming:
                self._decode_film(camera, lane, orders, reformatter)
            else:
                lane.film = None
                for order in orders:
                    codec = order.unit.codec
                    if codec not in decoders:
                        decoders[codec] = new_decoder(codec)
                    picture = still(decoders[codec], order.unit)
                    self._hand_out(camera, order, picture, decoders[codec], reformatter)
            with self._changed:
                lane.busy = False
                del self._begun[threading.get_ident()]
                if self._lanes.get(camera) is lane:
                    self._offer(camera, lane)

    def close(self) -> None:
        """Have every `work` return; what waits is not decoded any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _let_go(self, lane: _Lane) -> None:
        self.replaced += sum(order.wanted for order in lane.waiting)
        lane.waiting.clear()

    def _offer(self, camera: str, lane: _Lane) -> None:
        if lane.waiting and not lane.busy and camera not in self._ready:
            self._ready[camera] = lane
            self._changed.notify()

    def _decode_film(
        self, camera: str, lane: _Lane, orders: list[Order], reformatter: VideoReformatter
    ) -> None:
        for order in orders:
            if lane.film is None or lane.film.codec != order.unit.codec:
                lane.film = Film(order.unit.codec)
            for shown, picture in lane.film.take(order):
                self._hand_out(camera, shown, picture, lane.film.decoder, reformatter)

    def _hand_out(
        self,
        camera: str,
        order: Order,
        picture: VideoFrame | None,
        decoder: VideoCodecContext,
        reformatter: VideoReformatter,
    ) -> None:
        if picture is None:
            self._done(camera, order, None)
            return
        ratio = decoder.sample_aspect_ratio
        frame = picture_frame(
            picture,
            at=order.at,
            zero=order.zero,
            size=order.size,
            ratio=float(ratio) if ratio else None,
            reformatter=reformatter,
        )
        self._done(camera, order, frame)
