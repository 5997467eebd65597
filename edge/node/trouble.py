"""A failing store is logged once when it begins to fail, and once when it is back."""

from __future__ import annotations

import logging

from edge.errors import StoreError

log = logging.getLogger(__name__)


class StoreTrouble:
    """Of one writer; used by one thread at a time."""

    def __init__(self, what: str) -> None:
        """`what` cannot be kept while the store fails: "a look", "readings"."""
        self._what = what
        self._failing = False

    def failed(self, error: StoreError) -> None:
        """It could not be kept."""
        if not self._failing:
            log.error("%s cannot be kept: %s", self._what, error)
        self._failing = True

    def kept(self) -> None:
        """It was kept."""
        if self._failing:
            log.info("%s can be kept again", self._what)
        self._failing = False
