"""UUIDv7 (RFC 9562, section 5.7): ids that sort by the time they were made."""

import os
import time
from uuid import UUID


def uuid7(at_ms: int | None = None) -> UUID:
    """A new UUIDv7; `at_ms` is the Unix time in milliseconds, the wall clock's unless given."""
    stamp = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    tail = int.from_bytes(os.urandom(10), "big")
    value = (stamp & (1 << 48) - 1) << 80 | 0x7 << 76 | (tail >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | tail & (1 << 62) - 1)
