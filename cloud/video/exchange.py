"""Who watches what in this process, what nodes bring to it, and what the other processes have."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

from cloud.errors import Problem
from cloud.people.passwords import random_token
from cloud.video.album import Album, Looker
from cloud.video.board import AGAIN, Board, Notice, parse_notice
from cloud.video.channel import Channel, Viewer
from devices.video import MOST_LIVE, MOST_STILLS, LiveState, LiveWord, VideoWish

log = logging.getLogger(__name__)

LINGER = 5.0
"""Seconds that a picture is brought after the last one left: people flip to and fro."""
PATIENCE = 4.0
"""Seconds without anybody who brings it, after which the node is said to be away."""
TICK = 0.5
MOST_OF_ONE = 3
"""Live pictures that one person watches at once, in one process."""
MOST_VIEWERS = 200
"""Of one process."""


@dataclass(slots=True)
class Held:
    """A node's connection to this process, until it is not wanted any more."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    unwanted_since: float | None = None


@dataclass(slots=True)
class Seat:
    """One camera in this process."""

    node: str
    channel: Channel
    watchers: int = 0
    """Here; those in other processes who get it from here do not count."""
    left_at: float = float("-inf")
    unfed_since: float = 0.0
    held: Held | None = None
    """The node brings it here."""


class Exchange:
    """Of one process. Everything is called on its event loop."""

    def __init__(
        self,
        wake: Callable[[str], None],
        peer: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wake`: a node's link has something to send; `peer`: where other processes reach this one."""
        self._wake, self._peer, self._monotonic = wake, peer, monotonic
        self.me = uuid4().hex
        self.ticket = random_token()
        self.board = Board()
        self.album = Album(monotonic)
        self.seats: dict[str, Seat] = {}
        self._persons: Counter[str] = Counter()
        self._nodes: dict[Looker, dict[str, frozenset[str]]] = {}
        """Of whom looks at stills, the cameras by node."""
        self._albums: dict[str, Held] = {}
        """The nodes that bring their stills here."""
        self._said: dict[str, tuple[Notice, float]] = {}
        self.changed = asyncio.Event()
        """There is something to tell the others, or to do."""

    @contextmanager
    def watching(self, node: str, camera: str, username: str) -> Iterator[Viewer]:
        """Somebody watches a camera live.

        Raises:
            Problem: `too_many_viewers`.
        """
        self.admit(node, camera, username)
        seat = self._seat(node, camera)
        seat.watchers += 1
        self._persons[username] += 1
        viewer = seat.channel.join()
        self._turned(node)
        try:
            yield viewer
        finally:
            seat.channel.leave(viewer)
            self._persons[username] -= 1
            seat.watchers -= 1
            seat.left_at = self._monotonic()

    def admit(self, node: str, camera: str, username: str) -> None:
        """Whether one more may watch now.

        Raises:
            Problem: `too_many_viewers`.
        """
        if self._persons[username] >= MOST_OF_ONE:
            raise Problem("too_many_viewers", f"at most {MOST_OF_ONE} live pictures at once; close one")
        if self._persons.total() >= MOST_VIEWERS:
            raise Problem("too_many_viewers", "too many people watch just now")
        live = {one for one in self.live(node) if not self._lingers(one)}
        if camera not in live and len(live) >= MOST_LIVE:
            raise Problem(
                "too_many_viewers",
                f"{MOST_LIVE} cameras of node {node} are watched already: its line is for alarms",
                cameras=sorted(live),
            )

    def look(self, looker: Looker, by_node: dict[str, frozenset[str]]) -> None:
        """Somebody looks at these stills from now on."""
        before = self._nodes.get(looker, {})
        self._nodes[looker] = by_node
        self.album.look(looker, frozenset().union(*by_node.values()))
        for node in before.keys() | by_node.keys():
            self._turned(node)

    def leave(self, looker: Looker) -> None:
        """And no longer."""
        self.album.leave(looker)
        for node in self._nodes.pop(looker, {}):
            self._turned(node)

    def live(self, node: str) -> frozenset[str]:
        """The cameras of a node that anybody watches, here or elsewhere."""
        return self._mine(node) | self.board.live(node, self._monotonic())

    def stills(self, node: str) -> frozenset[str]:
        """The cameras of a node at whose stills anybody looks."""
        return self._looked_at(node) | self.board.stills(node, self._monotonic())

    def wish(self, node: str) -> VideoWish:
        """What its link shall tell a node."""
        return VideoWish(
            live=tuple(sorted(self.live(node), key=self._worth))[:MOST_LIVE],
            stills=tuple(sorted(self.stills(node)))[:MOST_STILLS],
        )

    @contextmanager
    def holding(self, node: str, camera: str) -> Iterator[tuple[Channel, Held]]:
        """The node brings a camera here; a newer connection takes the place of one before."""
        seat, held = self._seat(node, camera), Held()
        if seat.held is not None:
            seat.held.ended.set()
            seat.channel.end()
        seat.held = held
        seat.channel.begin()
        self._turned(node)
        try:
            yield seat.channel, held
        finally:
            if seat.held is held:
                seat.held, seat.unfed_since = None, self._monotonic()
                seat.channel.end()
                self._turned(node)

    @contextmanager
    def holding_album(self, node: str) -> Iterator[Held]:
        """The node brings its stills here."""
        held = Held()
        if node in self._albums:
            self._albums[node].ended.set()
        self._albums[node] = held
        self._turned(node)
        try:
            yield held
        finally:
            if self._albums.get(node) is held:
                del self._albums[node]
                self._turned(node)

    @contextmanager
    def relaying(self, seat: Seat) -> Iterator[None]:
        """The camera comes from another process."""
        seat.channel.begin()
        try:
            yield
        finally:
            if seat.held is None:
                seat.unfed_since = self._monotonic()
                seat.channel.end()

    def elsewhere(self, node: str, camera: str) -> Notice | None:
        """Another process that has a camera's picture."""
        return self.board.holder(node, camera, self._monotonic(), self.me)

    def album_elsewhere(self, node: str) -> Notice | None:
        """Another process that has a node's stills, which are wanted here but do not come here."""
        return None if node in self._albums else self.board.album(node, self._monotonic(), self.me)

    def nodes_looked_at(self) -> frozenset[str]:
        """The nodes at whose stills somebody looks here."""
        return frozenset(node for mine in self._nodes.values() for node, cameras in mine.items() if cameras)

    def knows(self, ticket: str) -> bool:
        """Whether it is that of another process."""
        return self.board.knows(ticket, self._monotonic())

    def hear(self, text: str) -> None:
        """Another process said something."""
        notice = parse_notice(text)
        if notice is not None and notice.process != self.me:
            self.board.hear(notice, self._monotonic())
            self._wake(notice.node)
            self.changed.set()

    def tend(self) -> None:
        """End what nobody wants, and say what nobody brings. Now and then."""
        now = self._monotonic()
        for camera, seat in list(self.seats.items()):
            if seat.held is not None:
                self._let_go(seat.held, camera in self.live(seat.node), now)
            lingers = now - seat.left_at < LINGER
            if not seat.watchers and not lingers and seat.held is None and not seat.channel.viewers:
                del self.seats[camera]
                self._turned(seat.node)
            elif seat.watchers and not seat.channel.fed and now - seat.unfed_since > PATIENCE:
                seat.channel.tell(LiveWord(state=LiveState.NODE_AWAY))
        for node, held in self._albums.items():
            self._let_go(held, bool(self.stills(node)), now)
        self.album.forget(self.album.wanted() | frozenset().union(*map(self.stills, self._albums)))

    def notices(self) -> Iterator[Notice]:
        """What the other processes must be told now; it counts as said."""
        now = self._monotonic()
        nodes = {seat.node for seat in self.seats.values()} | self._albums.keys() | self._said.keys()
        for node in nodes | self.nodes_looked_at():
            notice = Notice(
                process=self.me, node=node, at=self._peer, ticket=self.ticket,
                live=self._mine(node), stills=self._looked_at(node),
                holds=frozenset(
                    key for key, one in self.seats.items() if one.node == node and one.held is not None
                ),
                album=node in self._albums,
            )  # fmt: skip
            said, at = self._said.get(node, (None, 0.0))
            if (notice == said and now - at < AGAIN) or (said is None and notice.says_nothing):
                continue
            if notice.says_nothing:
                del self._said[node]
            else:
                self._said[node] = (notice, now)
            yield notice

    def _lingers(self, camera: str) -> bool:
        """It is brought only because somebody may come back to it."""
        seat = self.seats.get(camera)
        return (
            seat is not None
            and not seat.watchers
            and camera not in self.board.live(seat.node, self._monotonic())
        )

    def _worth(self, camera: str) -> tuple[bool, str]:
        """What is brought first, where not all can be."""
        return self._lingers(camera), camera

    def _let_go(self, held: Held, wanted: bool, now: float) -> None:
        if wanted:
            held.unwanted_since = None
        elif held.unwanted_since is None:
            held.unwanted_since = now
        elif now - held.unwanted_since > LINGER:
            held.ended.set()

    def _mine(self, node: str) -> frozenset[str]:
        now = self._monotonic()
        return frozenset(
            camera
            for camera, seat in self.seats.items()
            if seat.node == node and (seat.watchers or now - seat.left_at < LINGER)
        )

    def _looked_at(self, node: str) -> frozenset[str]:
        return frozenset().union(*(mine.get(node, frozenset()) for mine in self._nodes.values()))

    def _seat(self, node: str, camera: str) -> Seat:
        seat = self.seats.get(camera)
        if seat is None or seat.node != node:
            seat = self.seats[camera] = Seat(node, Channel(camera), unfed_since=self._monotonic())
        if not seat.watchers and not seat.channel.fed:
            seat.unfed_since = self._monotonic()
        return seat

    def _turned(self, node: str) -> None:
        """What is wanted or held of a node is another now."""
        self._wake(node)
        self.changed.set()


async def pause(changed: asyncio.Event) -> None:
    """Until something changed, a tick at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(TICK):
            await changed.wait()
    changed.clear()
