"""A sign of life to a service outside: when it stays away, somebody notices that the cloud is dead."""

from __future__ import annotations

import asyncio
import http.client
import logging
import urllib.error
import urllib.request

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds for the service to answer."""


class Heartbeat:
    """Asks for one address, over and over; its failures are told once."""

    def __init__(self, url: str | None) -> None:
        """Without an address it does nothing. The address is a secret: whoever knows it can feign life."""
        self._url = url
        self._failing = False

    async def beat(self) -> None:
        """Ask once; returns when it is answered or was given up."""
        if self._url is None:
            return
        problem = await asyncio.to_thread(_ask, self._url)
        if problem and not self._failing:
            log.warning("the heartbeat was not taken: %s; trying on", problem)
        elif self._failing and not problem:
            log.info("the heartbeat is taken again")
        self._failing = bool(problem)


def _ask(url: str) -> str:
    """Why it was not taken, without the address; empty when it was."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - http and https alone
            answer.read(1000)
    except urllib.error.HTTPError as error:
        with error:
            return f"status {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return type(error).__name__
    return ""
