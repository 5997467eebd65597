"""How often one address and one person may ask, in the memory of each process.

Never limited: what nodes send (`/ingest`, uploads, `/link`, their credentials), whatever its severity. An
address may stand for a whole cabinet, and a fire must not wait behind a full one's backlog. What holds there
are the sizes of bodies and batches, and the order in which a node sends. Nor is what watches the process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection

from cloud.public.limits import Limiter as Buckets

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How many at once, and after that how many a second."""

    address: tuple[int, float] = (20000, 300.0)
    """Of all people behind one address: a patrol room with ten walls sits behind one."""
    reads: tuple[int, float] = (3000, 50.0)
    """Of one person: a wall that loads everything makes about thirty."""
    writes: tuple[int, float] = (2000, 10.0)


class Limiter:
    """Counts the requests of people."""

    def __init__(self, limits: Limits, now: Callable[[], datetime]) -> None:
        self._now = now
        self._address, self._reads, self._writes = map(
            _buckets, (limits.address, limits.reads, limits.writes)
        )

    def address(self, address: str) -> None:
        """One more request from this address.

        Raises:
            Problem: `too_many_requests`, with `Retry-After`.
        """
        self._address.take(address, self._now())

    def person(self, username: str, method: str) -> None:
        """One more request of this person, by whatever session or token.

        Raises:
            Problem: `too_many_requests`, with `Retry-After`.
        """
        (self._reads if method in SAFE else self._writes).count(username, self._now())


def limiter_of(request: HTTPConnection) -> Limiter:
    """That of the app that serves `request`."""
    found = request.app.state.limiter
    assert isinstance(found, Limiter)
    return found


def address_of(request: HTTPConnection) -> str:
    """Whence a request comes; behind a proxy that uvicorn trusts, what that says."""
    return request.client.host if request.client else ""


def _buckets(limit: tuple[int, float]) -> Buckets:
    burst, a_second = limit
    return Buckets(burst, timedelta(seconds=1 / a_second))
