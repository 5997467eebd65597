import asyncio
import time

from simulators.cameras.rtsp import Faults, Looping
from simulators.cameras.rtsp_feed import MOST_WAITING, Feed, Viewer
from tests.simulators.conftest import GOP, RATE


class Line(asyncio.WriteTransport):
    """A connection whose reader may be slow: bytes wait until it reads."""

    def __init__(self):
        super().__init__()
        self.sent, self.waiting, self.wrote = [], 0, asyncio.Event()

    def get_write_buffer_size(self):
        return self.waiting

    def write(self, data):
        self.sent.append(bytes(data))
        self.wrote.set()


def kinds(sent):
    """Whether each frame written was a key frame; sender reports left out."""
    return [data[16] & 31 == 7 for data in sent if data[1] == 0]


def test_a_slow_reader_misses_frames_and_goes_on_at_a_key_frame(segments):
    async def watch():
        feed = Feed("c", Looping(segments[0]), Faults(), time.monotonic, time.time)
        slow, quick = Line(), Line()
        feed.join(Viewer(slow, 0))
        feed.join(Viewer(quick, 0))

        async def until(condition):
            async with asyncio.timeout(20):
                while not condition():
                    quick.wrote.clear()
                    await quick.wrote.wait()

        await until(lambda: len(kinds(slow.sent)) == 3)
        slow.waiting = MOST_WAITING + 1
        count = len(quick.sent)
        await until(lambda: len(quick.sent) >= count + 2 * GOP)
        stood = len(kinds(slow.sent))
        slow.waiting = 0
        await until(lambda: len(kinds(slow.sent)) == stood + 3)
        return kinds(slow.sent), stood

    frames, stood = asyncio.run(watch())
    assert stood == 3
    assert frames == [True, False, False] * 2


def test_a_feed_that_came_too_late_sets_its_clock_anew_and_does_not_hurry(segments):
    async def watch():
        ahead = 0.0
        feed = Feed("c", Looping(segments[0]), Faults(), lambda: time.monotonic() + ahead, time.time)
        line = Line()
        feed.join(Viewer(line, 0))
        await asyncio.sleep(0.5)
        ahead, before = 30.0, len(line.sent)
        await asyncio.sleep(0.5)
        return len(line.sent) - before

    assert asyncio.run(watch()) < 2 * RATE
