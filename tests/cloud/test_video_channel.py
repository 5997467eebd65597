"""Live pictures in one process: who gets what, from where on, and how much may wait."""

from __future__ import annotations

import asyncio
import json
from random import Random

import pytest

from cloud.errors import Problem
from cloud.video.album import Album, Looker
from cloud.video.board import LIFE, Board, Notice, parse_notice
from cloud.video.channel import MOST_KEPT, MOST_WAITING, Channel, Viewer
from cloud.video.exchange import LINGER, PATIENCE, Exchange
from cloud.video.feed import feed
from devices.errors import MessageError
from devices.video import MOST_LIVE, LiveState, LiveWord, Part, StillHead, pack_still, unpack_still

pytestmark = pytest.mark.anyio


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def part(kind: Part, number: int = 0, size: int = 10) -> bytes:
    return bytes((kind,)) + number.to_bytes(4, "big") + bytes(size)


def number(data: bytes) -> int:
    return int.from_bytes(data[1:5], "big")


async def waiting(viewer: Viewer) -> list[str | bytes]:
    """All that waits."""
    found: list[str | bytes] = []
    while True:
        try:
            async with asyncio.timeout(0.02):
                found.append(await viewer.take())
        except TimeoutError:
            return found


def states(frames: list[str | bytes]) -> list[str]:
    return [json.loads(one)["state"] for one in frames if isinstance(one, str)]


async def test_a_late_viewer_begins_at_the_last_key_picture():
    channel = Channel("C1")
    channel.begin()
    for one in (
        part(Part.OPENING),
        part(Part.KEY, 1),
        part(Part.NEXT, 2),
        part(Part.KEY, 3),
        part(Part.NEXT, 4),
    ):
        channel.part(one)
    viewer = channel.join()
    channel.part(part(Part.NEXT, 5))
    frames = await waiting(viewer)
    assert states(frames) == ["opening"]
    assert [(one[0], number(one)) for one in frames[1:]] == [(0, 0), (1, 3), (2, 4), (2, 5)]


async def test_before_a_key_picture_a_viewer_gets_nothing_to_play():
    channel = Channel("C1")
    channel.begin()
    channel.part(part(Part.OPENING))
    channel.part(part(Part.NEXT, 1))
    assert len(await waiting(channel.join())) == 1


@pytest.mark.parametrize("seed", range(5))
async def test_what_waits_for_a_slow_viewer_is_bounded_and_it_goes_on_at_a_key_picture(seed):
    random, channel = Random(seed), Channel("C1")
    channel.begin()
    channel.part(part(Part.OPENING, 7))
    slow, quick, given = channel.join(), channel.join(), 0
    seen: list[bytes] = []
    biggest = 0
    for count in range(1, 400):
        kind = Part.KEY if count % 25 == 1 else Part.NEXT
        channel.part(part(kind, count, size=random.randrange(60_000)))
        biggest = max(biggest, slow._size)
        await quick.take()
        given += 1
        if random.random() < 0.2 and slow._waiting:
            frame = await slow.take()
            seen += [frame] if isinstance(frame, bytes) else []
    assert given == 399, "a slow one costs the others nothing"
    assert slow.dropped > 0
    assert biggest <= MOST_WAITING + 60_005
    seen += [one for one in await waiting(slow) if isinstance(one, bytes)]
    before = 0
    for one in seen[1:]:
        if one[0] == Part.OPENING:
            continue
        if number(one) != before + 1:
            assert one[0] == Part.KEY, "after a gap only a key picture can be shown"
        before = number(one)


async def test_a_stretch_that_is_too_long_is_not_kept_for_late_viewers():
    channel = Channel("C1")
    channel.begin()
    channel.part(part(Part.OPENING))
    channel.part(part(Part.KEY, 1, MOST_KEPT // 2))
    channel.part(part(Part.NEXT, 2, MOST_KEPT // 2))
    assert len(await waiting(channel.join())) == 1


@pytest.mark.parametrize("frame", [b"", b"\x07abc", "{}", "nonsense", '{"type":"state","state":"asleep"}'])
async def test_what_is_no_frame_of_a_live_picture_is_refused(frame):
    with pytest.raises(MessageError):
        feed(Channel("C1"), frame)


async def test_stills_of_a_page_come_newest_only_and_as_old_as_they_are():
    clock = Clock()
    album, looker = Album(clock), Looker()
    album.put(StillHead(camera="C1", age=2.0), b"\xff\xd8old")
    album.look(looker, {"C1", "C2"})
    album.put(StillHead(camera="C1", age=0.5), b"\xff\xd8new")
    album.put(StillHead(camera="C3", age=0.5), b"\xff\xd8other")
    clock.now += 3
    head, jpeg = unpack_still(album.framed(await looker.take()))
    assert (head.camera, head.age, jpeg) == ("C1", 3.5, b"\xff\xd8new")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await looker.take()
    assert album.wanted() == {"C1", "C2"}
    album.forget({"C3"})
    album.look(again := Looker(), {"C1", "C3"})
    assert (await again.take()).head.camera == "C3", "what nobody looked at was let go"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\xff\xff{}", b"\x00\x02{}\xff\xd8", b"\x00\x1f" + b'{"camera":"C1","age":0.5}zzzzzz'],
)
def test_what_is_no_still_is_refused(data):
    with pytest.raises(MessageError):
        unpack_still(data)


def test_a_still_is_packed_as_it_is_unpacked():
    head = StillHead(camera="P01-C1", age=1.25)
    assert unpack_still(pack_still(head, b"\xff\xd8xyz")) == (head, b"\xff\xd8xyz")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchange(clock: Clock) -> Exchange:
    return Exchange(lambda _: None, monotonic=clock)


async def test_a_node_is_told_while_somebody_watches_and_some_seconds_after(exchange, clock):
    with exchange.watching("n1", "C1", "ann"):
        assert exchange.wish("n1").live == ("C1",)
        assert exchange.wish("n2").live == ()
    clock.now += LINGER / 2
    assert exchange.wish("n1").live == ("C1",)
    clock.now += LINGER
    exchange.tend()
    assert exchange.wish("n1").live == ()
    assert not exchange.seats


async def test_a_node_s_connection_that_nobody_wants_is_ended(exchange, clock):
    with exchange.holding("n1", "C1") as (_, held):
        with exchange.watching("n1", "C1", "ann"):
            clock.now += 60
            exchange.tend()
            assert not held.ended.is_set()
        for _ in range(3):
            clock.now += LINGER + 1
            exchange.tend()
        assert held.ended.is_set()


async def test_a_newer_connection_of_a_node_takes_the_place_of_a_dead_one(exchange):
    with exchange.watching("n1", "C1", "ann") as viewer, exchange.holding("n1", "C1") as (_, old):
        with exchange.holding("n1", "C1") as (channel, new):
            assert old.ended.is_set()
            assert not new.ended.is_set()
            channel.part(part(Part.OPENING))
            channel.part(part(Part.KEY, 1))
        assert any(isinstance(one, bytes) for one in await waiting(viewer))


async def test_a_node_that_brings_nothing_is_told_of_as_away_and_back(exchange, clock):
    with exchange.watching("n1", "C1", "ann") as viewer:
        clock.now += PATIENCE + 1
        exchange.tend()
        with exchange.holding("n1", "C1") as (channel, _):
            channel.tell(LiveWord(state=LiveState.LIVE))
        clock.now += PATIENCE + 1
        exchange.tend()
        assert states(await waiting(viewer)) == ["opening", "node_away", "live", "opening", "node_away"]


async def test_persons_and_nodes_have_their_limits(exchange, clock):
    with exchange.watching("n1", "C1", "ann"), exchange.watching("n1", "C2", "ann"):
        with exchange.watching("n2", "D1", "ann"), pytest.raises(Problem, match="at most 3"):
            exchange.admit("n1", "C3", "ann")
        with exchange.watching("n1", "C3", "bob"), exchange.watching("n1", "C4", "bob"):
            assert len(exchange.wish("n1").live) == MOST_LIVE
            with pytest.raises(Problem, match="4 cameras of node n1"):
                exchange.admit("n1", "C5", "cid")
            exchange.admit("n1", "C4", "cid")
            exchange.admit("n2", "D1", "cid")
        # what only lingers gives way to what is watched
        with exchange.watching("n1", "C5", "cid"), exchange.watching("n1", "C6", "cid"):
            assert set(exchange.wish("n1").live) == {"C1", "C2", "C5", "C6"}


async def test_what_is_said_between_processes_is_forgotten_with_them(clock):
    said: list[str] = []
    one = Exchange(said.append, "http://one", monotonic=clock)
    two = Exchange(lambda _: None, "http://two", monotonic=clock)
    with two.watching("n1", "C1", "ann"):
        for notice in two.notices():
            one.hear(notice.model_dump_json(exclude_defaults=True))
        assert said == ["n1"]
        assert one.wish("n1").live == ("C1",)
        assert one.knows(two.ticket)
        assert not one.knows("nonsense")
        assert not one.knows("")
        with one.holding("n1", "C1"):
            for notice in one.notices():
                two.hear(notice.model_dump_json(exclude_defaults=True))
            found = two.elsewhere("n1", "C1")
            assert found is not None
            assert found.at == "http://one"
        clock.now += LIFE + 1
        assert one.wish("n1").live == (), "a process that dies says nothing more"
        assert two.elsewhere("n1", "C1") is None
        assert not one.knows(two.ticket)


def test_a_notice_that_says_nothing_ends_what_was_said():
    board = Board()
    board.hear(Notice(process="p", node="n1", live=frozenset({"C1"})), 0.0)
    assert board.live("n1", 1.0) == {"C1"}
    board.hear(Notice(process="p", node="n1"), 1.0)
    assert board.live("n1", 1.0) == frozenset()
    assert parse_notice("nonsense") is None
