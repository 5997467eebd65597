"""Photos and clips on their way: small ones in one request, large ones in pieces that go on after a cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from devices.messages import Evidence
from edge.errors import CloudStalled
from edge.keep import NodeStore
from edge.keep.photos import digest
from edge.send.client import Cloud, Reply
from edge.send.verdict import about_the_content, problem_of, trouble

PIECE = 256 * 1024
"""Bytes of one request: a quarter of a minute on a line of 128 kbit/s, and what a cut costs at most."""
MISMATCHES = 3
"""A box in between that spoils the same photo so often will spoil it for ever."""


class Unfit(Exception):
    """The cloud will not take these bytes; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Uploads:
    """Of one sending thread. Where an upload stands is asked of the cloud, so a restart goes on with it."""

    def __init__(self, store: NodeStore, cloud: Cloud, now: Callable[[], datetime]) -> None:
        self._store = store
        self._cloud = cloud
        self._now = now
        self._done: set[str] = set()
        """At the cloud, but their message was not answered yet: a broken line does not upload them again."""
        self._reading: tuple[str, bytes] = ("", b"")
        self._offsets: dict[str, int] = {}
        self._mismatches: Counter[str] = Counter()

    def advance(self, photo: Evidence) -> bool:
        """Send the photo, or the next piece of a clip; True when all of it is at the cloud.

        Raises:
            OSError: the file cannot be read, or is not what its name says (without an `strerror`).
            Unfit: the cloud will not take it.
            UplinkError: no piece got through.
        """
        name = photo.sha256
        if name in self._done:
            return True
        if self._reading[0] != name:
            self._reading = (name, self._store.photo(name))
        content = self._reading[1]
        if len(content) > PIECE:
            return self._advance(name, content)
        self._judged(name, content, self._cloud.put_media(name, content, photo.media_type))
        return self._finished(name)

    def _advance(self, name: str, content: bytes) -> bool:
        offset = self._offsets.pop(name, None)
        if offset is None:
            asked = self._judged(name, content, self._cloud.media_offset(name))
            if asked.complete:
                return self._finished(name)
            offset = asked.offset
        if offset is None or offset >= len(content):
            raise CloudStalled("the cloud does not say how much of a clip it has")
        reply = self._cloud.patch_media(name, content[offset : offset + PIECE], offset, len(content))
        if reply.status == 409 and reply.offset not in (None, offset):
            return False  # the next turn asks anew
        if self._judged(name, content, reply).complete:
            return self._finished(name)
        if reply.offset is None or reply.offset <= offset:
            raise CloudStalled("the cloud takes a piece of a clip and says it has no more than before")
        self._offsets[name] = reply.offset
        return False

    def forget(self, names: Iterable[str]) -> None:
        """Their messages were answered."""
        self._done.difference_update(names)

    def _finished(self, name: str) -> bool:
        self._reading = ("", b"")
        self._mismatches.pop(name, None)
        self._done.add(name)
        return True

    def _judged(self, name: str, content: bytes, reply: Reply) -> Reply:
        if reply.status in (200, 201):
            return reply
        problem = problem_of(reply)
        if problem is not None and problem.code == "hash_mismatch":
            if digest(content) != name:
                raise OSError("the file is not what its name says")
            self._mismatches[name] += 1
            if self._mismatches[name] < MISMATCHES:
                raise CloudStalled("a photo or clip arrived spoilt; it is sent again from the start")
        if about_the_content(reply):
            raise Unfit(reply)
        raise trouble(reply, self._now())
