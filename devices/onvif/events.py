"""A camera's events by a pull point: what it says of its own picture, as it says it.

    async with PullPoint("192.0.2.10", 80, credentials) as events:
        async for notices in events.notices():
            ...

All is asyncio and on the loop of whoever uses it: a long poll is one open socket, for 38 cameras as for one.
A subscription ends with an error, whatever the camera did; whoever uses it waits and makes a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from devices.credentials import Credentials
from devices.errors import CameraError, CameraFault, CameraRefused, CameraUnreachable
from devices.messages import HintKind
from devices.onvif import quirks, wsn
from devices.onvif.model import Timeouts
from devices.onvif.notices import Notice, notices_of, offered
from devices.onvif.quirks import Place
from devices.onvif.soap import Declined
from devices.onvif.transport import Answer
from devices.onvif.wire import HungUp, Post, post
from devices.stream.rtsp_client.digest import authorization, challenge

LIFE = 600.0
"""Seconds for which a pull point is asked for. Cameras have few, and one that is left behind by a power cut
cannot be found again, only waited for."""
PULL = 60.0
"""Seconds that a camera may wait for something to say."""
MOST = 50
"""Notifications a pull."""
SHORTEST, IDLEST = 1.0, 5.0
"""Seconds from one pull to the next, at least; and where the camera answers at once that there is nothing."""
SILENT = 3
"""Pulls in a row that the camera may hang up on: some do so when they have nothing to say."""
PARTING = Timeouts(connect=1.0, answer=2.0)


class PullPoint:
    """One subscription to one camera. Every error is a `CameraError`, as those of `Camera`, and ends it."""

    def __init__(
        self,
        host: str,
        port: int,
        credentials: Credentials | None,
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        ask: Post = post,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is our wall clock, Unix seconds; nothing is sent before it is entered."""
        self.offers: frozenset[HintKind] = frozenset()
        """The kinds that the camera says it can tell; some tell more, some say nothing."""
        self._place = Place(host, port)
        self._credentials = credentials
        self._timeouts = timeouts
        self._ask = ask
        self._now = now
        self._monotonic = monotonic
        self._offset = 0.0
        self._digest = False
        self._reference: wsn.Reference | None = None
        self._ends = 0.0
        self._renews = True
        self._pull = PULL

    async def __aenter__(self) -> Self:
        """Subscribe."""
        device = f"http://{self._place}/onvif/device_service"
        await self._read_clock(device)
        capabilities = await self._told(device, wsn.CAPABILITIES)
        own = wsn.reference(wsn.device_address(capabilities) or "", self._place, None)
        announced = None if own is None else quirks.place_of(urlsplit(own.to))
        address = wsn.events_address(capabilities, None)
        if address is None:
            address = wsn.events_address(None, await self._told(device, wsn.SERVICES))
        found = wsn.reference(address or device, self._place, announced)
        self._reference = found or wsn.Reference(device, device, device)
        with contextlib.suppress(Declined):
            self.offers = offered(await self._ours(wsn.PROPERTIES))
        body = await self._ours(wsn.create(LIFE))
        self._reference = wsn.subscription_of(body, self._reference, self._place, announced)
        self._lives(body)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unsubscribe, for as long as that does not take long: the camera has few pull points."""
        if not isinstance(error, CameraUnreachable | CameraRefused):
            with contextlib.suppress(CameraError):
                await self._ours(wsn.UNSUBSCRIBE, PARTING)

    async def notices(self) -> AsyncIterator[tuple[Notice, ...]]:
        """What the camera says, as it says it; never an empty tuple, and never without a pause."""
        silent, pause = 0, SHORTEST
        while True:
            began = self._monotonic()
            try:
                found = await self._pulled()
                silent = 0
            except HungUp:
                silent += 1
                if silent == SILENT:
                    raise
                found = ()
            if found:
                yield found
            took = self._monotonic() - began
            pause = idle(pause, took, said=bool(found))
            await asyncio.sleep(max(0.0, pause - took))
            if self._renews and self._ends - self._monotonic() < LIFE / 2:
                await self._renew()

    async def _pulled(self) -> tuple[Notice, ...]:
        wait = self._pull
        if self._renews:  # else the camera ends it when it likes, and says so
            wait = max(SHORTEST, min(wait, (self._ends - self._monotonic()) / 2))
        patience = Timeouts(self._timeouts.connect, wait + self._timeouts.answer)
        body = await self._ours(wsn.pull(wait, MOST), patience)
        if wsn.seconds_left(body) is not None:  # a pull may renew: only where the camera says so
            self._lives(body)
        return notices_of(body, datetime.fromtimestamp(self._now(), UTC), self._offset)

    async def _renew(self) -> None:
        try:
            self._lives(await self._ours(wsn.renew(LIFE), self._timeouts))
        except Declined:
            self._renews = False

    def _lives(self, body: Any) -> None:
        left = wsn.seconds_left(body)
        self._ends = self._monotonic() + (LIFE if left is None else left)

    async def _read_clock(self, device: str) -> None:
        """The log-in is dated by the camera's clock, and so are its notices."""
        before = self._now()
        try:
            body = await self._call(device, wsn.CLOCK, logged_in=False)
        except CameraRefused:
            if self._credentials is None:
                raise
            body = await self._call(device, wsn.CLOCK)
        theirs = wsn.clock_of(body)
        if theirs is not None:
            self._offset = theirs + 0.5 - (before + self._now()) / 2

    async def _told(self, address: str, call: wsn.Call) -> Any | None:
        """The answer; None where the camera does not know the question."""
        try:
            return await self._call(address, call)
        except Declined:
            return None

    async def _ours(self, call: wsn.Call, timeouts: Timeouts | None = None) -> Any:
        """Call the events service or our subscription; at the port we know, if nobody is at the other."""
        ours = self._reference
        assert ours is not None
        try:
            return await self._call(ours.url, call, ours, timeouts=timeouts)
        except CameraUnreachable:
            if ours.url == ours.spare:
                raise
        self._reference = ours = replace(ours, url=ours.spare)
        return await self._call(ours.url, call, ours, timeouts=timeouts)

    async def _call(
        self,
        address: str,
        call: wsn.Call,
        to: wsn.Reference | None = None,
        *,
        logged_in: bool = True,
        timeouts: Timeouts | None = None,
    ) -> Any:
        """One call: the content of the answer's body.

        Raises:
            CameraRefused: it wants other credentials.
            Declined: the camera's own fault.
            CameraFault: an unreadable answer, or none in time.
            CameraUnreachable: nobody answers.
        """
        credentials = self._credentials if logged_in else None
        answer = await self._sent(address, call, credentials, to, timeouts or self._timeouts)
        operation = call.action.rpartition("/")[2].removesuffix("Request")
        if answer.status_code in (401, 403):
            raise self._refused(f"HTTP {answer.status_code}")
        try:
            body = wsn.body_of(answer.content)
        except ValueError:
            raise CameraFault(
                f"{self._place}: its answer to {operation} cannot be read (HTTP {answer.status_code})"
            ) from None
        fault = wsn.fault_of(body)
        if fault is None:
            return body
        codes, reason = fault
        if quirks.is_refusal(codes, reason):
            raise self._refused("by a fault")
        if operation == "PullMessages" and self._pull > (wsn.longest_pull(body) or self._pull):
            self._pull = wsn.longest_pull(body) or self._pull
            return body  # it says how long it can wait; nothing was pulled
        secret = "" if self._credentials is None else self._credentials.password
        shown = reason.replace(secret, "***") if secret else reason
        raise Declined(f"{self._place}: answers {operation} with a fault: {shown}")

    async def _sent(
        self,
        address: str,
        call: wsn.Call,
        credentials: Credentials | None,
        to: wsn.Reference | None,
        timeouts: Timeouts,
    ) -> Answer:
        """Log in by a token, or once more by HTTP Digest where the camera offers it, as `Caller` does."""
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{call.action}"'}
        created = datetime.fromtimestamp(self._now() + self._offset, UTC)
        token = None if self._digest else credentials
        letter = wsn.envelope(call, to, credentials=token, created=created)
        answer = await self._ask(address, letter, headers, timeouts=timeouts)
        asked = challenge([answer.headers.get("www-authenticate", "")])
        if answer.status_code != 401 or credentials is None or asked is None or asked.algorithm == "basic":
            return answer
        self._digest = True
        parts = urlsplit(address)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        proof = authorization(asked, credentials, "POST", path, count=1, cnonce=secrets.token_hex(8))
        bare = wsn.envelope(call, to)
        return await self._ask(address, bare, headers | {"Authorization": proof}, timeouts=timeouts)

    def _refused(self, why: str) -> CameraRefused:
        if self._credentials is None:
            return CameraRefused(f"{self._place}: wants credentials and none are configured ({why})")
        return CameraRefused(f"{self._place}: refuses the credentials ({why})")


def idle(before: float, took: float, *, said: bool) -> float:
    """Seconds from the begin of a pull to that of the next, at least.

    Cameras that do not wait answer at once that there is nothing: each time they do, the pause is doubled.

    >>> idle(1.0, 0.01, said=False), idle(4.0, 0.01, said=False), idle(5.0, 0.01, said=True)
    (2.0, 5.0, 1.0)
    """
    return SHORTEST if said or took >= IDLEST else min(2 * before, IDLEST)
