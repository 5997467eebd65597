"""Bytes that no camera should send: pictures or a `StreamError` come of them, in bounded memory and time."""

import asyncio
import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamError
from devices.stream.rtsp_client.connection import BUFFER
from devices.stream.rtsp_client.h264 import H264
from devices.stream.rtsp_client.h265 import H265
from tests.devices.rtsp_peers import (
    SETS,
    Packet,
    Script,
    annexb_of,
    framed,
    key_of,
    nal,
    other_of,
    packetised,
    play,
    receiving,
    wire_of,
)

CODECS = pytest.mark.parametrize("codec", [H264, H265], ids=lambda codec: codec.name)
SETTINGS = settings(max_examples=200, deadline=None)


def stream_of(codec):
    big = b"\x88" + bytes(range(1, 251)) * 12
    pictures = [key_of(codec, big), other_of(codec), other_of(codec, b"\x9a" + big), key_of(codec)]
    return b"".join(wire_of(group) for group in packetised(codec, pictures, stamp=9))


def played(codec, pieces):
    """Play, and put together all that comes; a broken connection is as good as an answer."""
    try:
        notes, counts, _ = play(codec, pieces, SETS[codec])
    except StreamDropped:
        return None
    times = [unit.at for unit in notes.units]
    assert times == sorted(times)
    for unit in notes.units:
        assert len(unit.annexb()) <= 4 * unit.size
        assert not (unit.key and unit.broken)
    assert counts.units == len(notes.units)
    return notes


@CODECS
@SETTINGS
@given(pieces=st.lists(st.binary(min_size=1, max_size=300), max_size=20))
def test_random_bytes_are_survived(codec, pieces):
    played(codec, pieces)


@CODECS
@SETTINGS
@given(
    bodies=st.lists(
        st.tuples(st.integers(0, 2), st.binary(max_size=60), st.booleans(), st.integers(0, 3)), max_size=30
    )
)
def test_random_payloads_in_sound_packets_are_survived(codec, bodies):
    sent = [
        Packet(body, n, stamp, marker=marker).framed(channel)
        for n, (channel, body, marker, stamp) in enumerate(bodies)
    ]
    played(codec, [b"".join(sent) or b"\n"])


@CODECS
@SETTINGS
@given(data=st.data())
def test_flipped_bits_are_survived_and_the_stream_goes_on(codec, data):
    stream = bytearray(stream_of(codec))
    for place in data.draw(st.sets(st.integers(0, len(stream) * 8 - 1), min_size=1, max_size=20)):
        stream[place // 8] ^= 1 << place % 8
    played(codec, [bytes(stream)])


@CODECS
@SETTINGS
@given(data=st.data())
def test_missing_stretches_are_survived(codec, data):
    stream = stream_of(codec)
    begin = data.draw(st.integers(0, len(stream) - 1))
    end = data.draw(st.integers(begin, len(stream)))
    fresh = b"".join(wire_of(group) for group in packetised(codec, [key_of(codec)] * 3, 500, 900_000))
    notes = played(codec, [stream[:begin] + stream[end:] + b"\xff" * 70_000 + fresh])
    if notes is not None:
        # A frame cut short may swallow what follows it, but no more than its length.
        assert notes.units[-1].key
        assert notes.units[-1].annexb() == annexb_of(key_of(codec))


@SETTINGS
@given(head=st.binary(max_size=200), status=st.integers(100, 999), length=st.integers(0, 70_000))
def test_random_messages_are_survived(head, status, length):
    message = b"RTSP/1.0 %d X\r\n%b\r\nContent-Length: %d\r\n\r\n" % (status, head, length)
    played(H264, [message, stream_of(H264)])


@pytest.mark.parametrize("seed", range(12))
def test_random_answers_end_in_a_stream_error_within_the_time_outs(seed):
    """The whole client against a server that spoils what it says."""
    chance = random.Random(seed)
    spoilt = chance.choice(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])

    def spoil(script, request):
        whole = bytearray(script.usual(request))
        for _ in range(chance.randint(1, 40)):
            whole[chance.randrange(len(whole))] = chance.randrange(256)
        return bytes(whole[: chance.randint(1, len(whole))]) + chance.randbytes(chance.randint(0, 400))

    async def run():
        async with (
            asyncio.timeout(10),
            Script(answers={spoilt: spoil}) as script,
            receiving(script.uri, Credentials("u", "p")) as (_, task),
        ):
            with pytest.raises(StreamError):
                await task

    asyncio.run(run())


def test_memory_stays_bounded_whatever_never_ends(monkeypatch):
    packet = nal(H264, 1, b"\x08" + b"x" * 1300)
    endless = {
        "a picture": b"".join(Packet(packet, n, 7).framed() for n in range(400)),
        "parameter sets": b"".join(
            Packet(nal(H264, kind, n.to_bytes(3, "big") * 400), n, n).framed()
            for n in range(400)
            for kind in (7, 8)
        ),
        "reports between packets": b"".join(
            Packet(packet[:20], n, 7).framed() + framed(1, b"") for n in range(3000)
        ),
        "bytes": b"\xff" * BUFFER,
        "long openings": b"$\0\xff\xff" * (BUFFER // 4),
        "short openings": b"$\0\0\0\x80" * (BUFFER // 5),
    }
    monkeypatch.setattr("devices.stream.rtsp_client.assemble.MOST_BYTES", 1 << 20)
    for what, piece in endless.items():
        tracemalloc.start()
        begun = time.process_time()
        try:
            played(H264, [piece] * 3)
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 4 << 20, what
        # A hundredth of that is usual; what takes a second look at each byte for each byte takes minutes.
        assert time.process_time() - begun < 20, what
