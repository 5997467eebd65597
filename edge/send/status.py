"""How the cloud, or a part of it, stands, told once each way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from devices.messages import DeviceStatus
from edge.send.lanes import Share

log = logging.getLogger(__name__)

_LADDER = tuple(DeviceStatus)


class StatusBoard:
    """Gathers what each share met and tells the worst of it, only when it changes."""

    def __init__(self, on_status: Callable[[DeviceStatus, str], None], what: str = "cloud") -> None:
        """`what` stands like this, in the log."""
        self._on_status = on_status
        self._what = what
        self._lock = threading.Lock()
        self._met: dict[Share, tuple[DeviceStatus, str]] = {}
        self._told: DeviceStatus | None = None

    def tell(self, share: Share, status: DeviceStatus, detail: str) -> None:
        """`share` met `status`; `detail` is one sentence without secrets."""
        with self._lock:
            self._met[share] = (status, detail)
            self._say()

    def idle(self, share: Share) -> None:
        """Nothing of `share` waits any more: what it met last is no news of the cloud."""
        with self._lock:
            if self._met.pop(share, None) and self._met:
                self._say()

    def _say(self) -> None:
        worst, sentence = max(self._met.values(), key=lambda met: _LADDER.index(met[0]))
        if worst is self._told:
            return
        self._told = worst
        log.log(
            logging.INFO if worst is DeviceStatus.UP else logging.WARNING,
            "uplink: %s is %s: %s",
            self._what,
            worst,
            sentence,
        )
        self._on_status(worst, sentence)
