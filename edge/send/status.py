"""How the cloud stands, told once each way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from devices.messages import DeviceStatus, Series

log = logging.getLogger(__name__)

_LADDER = tuple(DeviceStatus)


class StatusBoard:
    """Gathers what each series met and tells the worst of it, only when it changes."""

    def __init__(self, on_status: Callable[[DeviceStatus, str], None]) -> None:
        self._on_status = on_status
        self._lock = threading.Lock()
        self._met: dict[Series, tuple[DeviceStatus, str]] = {}
        self._told: DeviceStatus | None = None

    def tell(self, series: Series, status: DeviceStatus, detail: str) -> None:
        """`series` met `status`; `detail` is one sentence without secrets."""
        with self._lock:
            self._met[series] = (status, detail)
            worst, sentence = max(self._met.values(), key=lambda met: _LADDER.index(met[0]))
            if worst is self._told:
                return
            self._told = worst
            log.log(
                logging.INFO if worst is DeviceStatus.UP else logging.WARNING,
                "uplink: cloud is %s: %s",
                worst,
                sentence,
            )
            self._on_status(worst, sentence)
