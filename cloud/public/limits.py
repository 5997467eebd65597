"""How often an address, or anybody with a name, may ask. Pure; the clock comes from outside."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cloud.errors import Problem

REMEMBERED = 10_000
"""Addresses; the one longest silent is forgotten first: its bucket is the likeliest to be full again."""


@dataclass(slots=True)
class Limiter:
    """A token bucket an address: `burst` at once, then one each `every`. One a process, held in memory."""

    burst: int
    every: timedelta
    _buckets: OrderedDict[str, tuple[float, datetime]] = field(default_factory=OrderedDict)

    def take(self, address: str, now: datetime) -> None:
        """Count one request of an address.

        Raises:
            Problem: `too_many_requests`, with `Retry-After`.
        """
        self.count(bucket_of(address), now)

    def count(self, key: str, now: datetime) -> None:
        """Count one request of whomever `key` names.

        Raises:
            Problem: `too_many_requests`, with `Retry-After`.
        """
        left, then = self._buckets.pop(key, (float(self.burst), now))
        left = min(self.burst, left + max(timedelta(), now - then) / self.every)
        enough = left >= 1
        self._buckets[key] = (left - enough, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            seconds = math.ceil((1 - left) * self.every.total_seconds())
            raise Problem(
                "too_many_requests",
                f"try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )


def bucket_of(address: str) -> str:
    """What is counted together: an IPv4 address, or the /64 of an IPv6 one, which is one household's."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "other"
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False).network_address)
