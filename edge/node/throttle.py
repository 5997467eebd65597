"""Holds a node to its CPU budget: measures each window, and says how far cameras are thinned."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from edge.node.budget import Attention, Thinning, thin

log = logging.getLogger(__name__)

WINDOW = 10.0
"""Seconds between two measurements."""
LATE = 0.05
"""Part of the pictures let go unseen from which the node is behind: fewer are chance meetings."""
LATE_WINDOWS = 3
"""Windows in a row of it: eyes that open take their time, all at once."""


class Throttle:
    """One node's; `turn` is called every `WINDOW` seconds by one thread."""

    def __init__(
        self,
        budget: float | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """`budget`: cores that may be used, None: all there are; `cpu`: seconds used by the process."""
        self.thinning = Thinning()
        self.cores = 0.0
        """CPU seconds a second, in the last window."""
        self._budget = budget
        self._monotonic = monotonic
        self._cpu = cpu
        self._before = (monotonic(), cpu())
        self._seen = (0, 0)
        self._late = 0

    def allow(self, budget: float | None) -> None:
        """So many cores may be used from now on; None: all there are."""
        self._budget = budget

    @property
    def kept(self) -> bool:
        """Nothing is thinned, and the last window kept to the budget."""
        return self.thinning.step == 0 and (self._budget is None or self.cores <= self._budget)

    def turn(self, cameras: Mapping[str, Attention], looks: int, skipped: int) -> dict[str, int]:
        """The level of each camera from now on.

        `looks`, `skipped`: pictures looked at, and let go because newer ones came, since the start.
        """
        now, cpu = self._monotonic(), self._cpu()
        then, used = self._before
        self.cores = (cpu - used) / max(now - then, 1e-3)
        looked, let_go = looks - self._seen[0], skipped - self._seen[1]
        self._late = self._late + 1 if let_go > LATE * (looked + let_go) else 0
        self._before, self._seen = (now, cpu), (looks, skipped)
        step = self.thinning.step
        self.thinning = thin(
            self.thinning,
            list(cameras.values()),
            self.cores,
            self._budget,
            behind=self._late >= LATE_WINDOWS,
        )
        if self.thinning.step != step:
            log.info(
                "cameras are looked at %s often: step %d of thinning, at %.2f cores",
                "less" if self.thinning.step > step else "more",
                self.thinning.step,
                self.cores,
            )
        return {camera: self.thinning.level(kind) for camera, kind in cameras.items()}
