"""The threads that bring the outbox to the cloud, a lane each, so that nothing delays a live alarm.

uplink = Uplink(store, site.uplink.url, token_from(os.environ), site.uplink.ca_file, on_status=report)
uplink.start()
...                 # store.transaction(): queue
uplink.wake()
uplink.stop()
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import requests

from devices.messages import DeviceStatus, Series
from edge.errors import CloudRefused, CloudStalled, CloudUnreachable, StoreError, TokenMissing, UplinkError
from edge.keep import NodeStore
from edge.send.allowance import Allowance
from edge.send.client import HttpCloud, Timeouts
from edge.send.courier import Courier
from edge.send.lanes import LANES, Share
from edge.send.pace import Pace
from edge.send.status import StatusBoard

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""An idle lane looks for itself this often, should nobody wake it."""
HISTORY_RATE = 256 * 1024.0
"""Bytes a second, unless the site says otherwise: a day of a busy street in some minutes."""
PRESSED_S = 2.0
"""A live alarm whose request takes longer has a thin line, or a busy one."""
STOP_S = 15.0
"""A request in flight ends within its time-outs."""

_RUNGS: dict[type[UplinkError], DeviceStatus] = {
    CloudUnreachable: DeviceStatus.UNREACHABLE,
    CloudRefused: DeviceStatus.REFUSED,
    TokenMissing: DeviceStatus.REFUSED,
    CloudStalled: DeviceStatus.STALLED,
}


class Uplink:
    """Sends until it is stopped; see the module."""

    def __init__(
        self,
        store: NodeStore,
        url: str,
        token: Callable[[], str],
        ca_file: str | None = None,
        *,
        on_status: Callable[[DeviceStatus, str], None],
        session_factory: Callable[[], requests.Session] = requests.Session,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        pace: Pace | None = None,
        timeouts: Timeouts | None = None,
        history_rate: float = HISTORY_RATE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing happens before `start`.

        Args:
            store: whose outbox is sent.
            url: scheme, host and port of the cloud.
            token: gives the bearer token, asked at each request; may raise `TokenMissing`.
            ca_file: trust anchors for https, PEM; the system's unless given.
            on_status: told each change of the cloud's status with one sentence, on a sending thread;
                must not raise.
            session_factory: makes the HTTP session of one thread.
            now: the node's wall clock, UTC, by which its messages are dated.
            chance: 0..1, the jitter.
            pace: of attempts after a failure.
            timeouts: of each request.
            history_rate: bytes a second of what lanes send of limited shares.
            monotonic: the clock by which that is measured.
        """
        self._url = url
        self._pace = pace or Pace()
        self._chance = chance
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._board = StatusBoard(on_status)
        self._telemetry_board = StatusBoard(lambda *_: None, "the cloud's telemetry")
        self._lanes: list[_Lane] = []
        for name, shares in LANES.items():
            cloud = HttpCloud(url, token, ca_file, session_factory(), timeouts or Timeouts(), now)
            self._lanes.append(_Lane(name, shares, Courier(store, cloud, now), Allowance(history_rate)))

    def start(self) -> None:
        """Begin to send; returns at once. An uplink is started once."""
        for lane in self._lanes:
            lane.thread = threading.Thread(
                target=self._run, args=(lane,), name=f"uplink-{lane.name}", daemon=True
            )
            lane.thread.start()

    def wake(self) -> None:
        """Something was queued: look now. Does not shorten a pause after a failure."""
        for lane in self._lanes:
            lane.queued.set()

    def stop(self, timeout: float = STOP_S) -> None:
        """End the threads; what was not answered stays queued."""
        self._stopping.set()
        for lane in self._lanes:
            lane.queued.set()
            lane.again.set()
        for lane in self._lanes:
            if lane.thread is not None:
                lane.thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether every thread runs; False after a defect ended one, and after `stop`."""
        return all(lane.thread is not None and lane.thread.is_alive() for lane in self._lanes)

    @property
    def pressed(self) -> bool:
        """Whether a request with live alarms is under way for longer than it should."""
        begun = next(lane.begun for lane in self._lanes if lane.name == "live")
        return begun is not None and self._monotonic() - begun > PRESSED_S

    def _run(self, lane: _Lane) -> None:
        failures = 0
        while True:
            lane.queued.clear()
            lane.again.clear()
            if self._stopping.is_set():
                return
            try:
                trouble = self._round(lane)
            except StoreError as error:
                if failures == 0:
                    log.error("the uplink cannot use the store: %s", error)
                failures += 1
                lane.again.wait(self._pace.delay(failures, self._chance()))
                continue
            if trouble is not None:
                failures += 1
                lane.again.wait(self._pause(trouble, failures))
                continue
            if failures:
                failures = 0
                self._hurry_others(lane)
            owed = lane.allowance.wait(self._monotonic()) if lane.held else LOOK_S
            lane.queued.wait(min(owed, LOOK_S))

    def _round(self, lane: _Lane) -> UplinkError | None:
        """Send until nothing waits or something fails; returns what failed.

        After each request the first share is looked at again: what came meanwhile goes next.
        """
        trouble: UplinkError | None = None
        more = True
        while more and trouble is None and not self._stopping.is_set():
            more = lane.held = False
            for share in lane.shares:
                if share.limited and lane.allowance.wait(self._monotonic()) > 0:
                    lane.held = True
                    continue
                lane.begun = self._monotonic()
                try:
                    moved = lane.courier.carry(share)
                    if share.limited:
                        lane.allowance.spend(lane.courier.carried, self._monotonic())
                    if moved:
                        more = True
                        self._tell(share, DeviceStatus.UP, f"{self._url} takes this node's messages")
                        break
                    self._board.idle(share)
                except UplinkError as error:
                    trouble = error
                    self._tell(share, _RUNGS[type(error)], str(error))
                    if not isinstance(error, CloudStalled):
                        break  # nothing else would get through; a stall may concern this share alone
                finally:
                    lane.begun = None
        return trouble

    def _tell(self, share: Share, status: DeviceStatus, detail: str) -> None:
        """How the cloud stands. Where it takes no telemetry alone, only that is told: alarms get through."""
        telemetry = share.series is Series.TELEMETRY
        if telemetry:
            self._telemetry_board.tell(share, status, detail)
        if telemetry and status is DeviceStatus.STALLED:
            self._board.idle(share)
        else:
            self._board.tell(share, status, detail)

    def _pause(self, trouble: UplinkError, failures: int) -> float:
        if isinstance(trouble, CloudRefused | TokenMissing):
            return self._pace.delay_denied(self._chance())
        wish = trouble.retry_after_s if isinstance(trouble, CloudStalled) else 0.0
        return max(self._pace.delay(failures, self._chance()), wish)

    def _hurry_others(self, lane: _Lane) -> None:
        """The cloud takes messages again: the other lanes need not sit out their pause."""
        for other in self._lanes:
            if other is not lane:
                other.again.set()


class _Lane:
    """One sending thread's things."""

    def __init__(self, name: str, shares: tuple[Share, ...], courier: Courier, allowance: Allowance) -> None:
        self.name = name
        self.allowance = allowance
        self.held = False
        """What is limited waits for its allowance."""
        self.begun: float | None = None
        """When the request that is under way was begun, by the monotonic clock."""
        self.shares = shares
        self.courier = courier
        self.queued = threading.Event()
        """Something waits."""
        self.again = threading.Event()
        """Do not sit out the pause."""
        self.thread: threading.Thread | None = None
