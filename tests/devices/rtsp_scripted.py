"""Receiving from a scripted RTSP server, for tests: until it is enough, or until it fails."""

import asyncio

import pytest

from devices.credentials import Credentials
from devices.errors import StreamError
from devices.stream.rtsp_client.h264 import H264
from tests.devices.rtsp_peers import (
    key_of,
    other_of,
    packetised,
    receiving,
    wire_of,
)

WHO = Credentials("admin", "pass:word")
TWO = packetised(H264, [key_of(H264), other_of(H264)])
STREAM = b"".join(wire_of(group) for group in TWO)
"""A key frame and another picture."""


def play(script, check=lambda notes: len(notes.units) >= 2, credentials=None, timeouts=None):
    """Receive from a scripted server until `check`; returns the notes."""

    async def run():
        async with script:
            more = {} if timeouts is None else {"timeouts": timeouts}
            async with receiving(script.uri, credentials, **more) as (notes, task):
                script.noticed = notes.more.set
                await notes.until(lambda notes: check(notes) or task.done())
                if task.done():
                    task.result()
            return notes

    return asyncio.run(run())


def fail(script, credentials=None, timeouts=None, patience=10.0):
    """Receive from a scripted server until that fails; returns the error."""

    async def run():
        async with script:
            more = {} if timeouts is None else {"timeouts": timeouts}
            async with receiving(script.uri, credentials, **more) as (notes, task):
                async with asyncio.timeout(patience):
                    with pytest.raises(StreamError) as caught:
                        await task
                script.notes = notes
            return caught.value

    return asyncio.run(run())
