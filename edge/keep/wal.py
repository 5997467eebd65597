"""Is SQLite's write-ahead log whole? Pure.

SQLite takes the first frame whose checksum is wrong for the end of the log, as it must be after a
loss of power. Where a bad sector hit the *middle*, commits behind it that were promised would vanish
without a word. They can be told apart: each commit is synced before the next is begun, so a loss of
power leaves at most one commit behind the break.

Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log (section 4).
"""

from __future__ import annotations

import struct

HEADER = 32
FRAME_HEADER = 24
NO_COMMIT = bytes(4)
_BIG_ENDIAN_SUMS = 0x377F0683
_LITTLE_ENDIAN_SUMS = 0x377F0682


def lost_commits(log: bytes) -> bool:
    """Whether committed transactions can no longer be read, though they once were on the disk."""
    if len(log) < HEADER + FRAME_HEADER:
        return False
    magic, _, page = struct.unpack_from(">3I", log)
    if magic not in (_BIG_ENDIAN_SUMS, _LITTLE_ENDIAN_SUMS):
        return True
    order = ">" if magic == _BIG_ENDIAN_SUMS else "<"
    sums = _summed((0, 0), log[:24], order)
    if sums != struct.unpack_from(">2I", log, 24):
        return True
    salts = log[16:24]
    whole = True
    behind = 0
    for start in range(HEADER, len(log) - FRAME_HEADER - page + 1, FRAME_HEADER + page):
        ours = log[start + 8 : start + 16] == salts  # others are left over from an earlier round
        if whole and ours:
            sums = _summed(sums, log[start : start + 8], order)
            sums = _summed(sums, log[start + FRAME_HEADER : start + FRAME_HEADER + page], order)
        whole = whole and ours and sums == struct.unpack_from(">2I", log, start + 16)
        if not whole and ours and log[start + 4 : start + 8] != NO_COMMIT:
            behind += 1
    return behind > 1


def _summed(sums: tuple[int, int], data: bytes, order: str) -> tuple[int, int]:
    one, two = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = one + first + two & 0xFFFFFFFF
        two = two + second + one & 0xFFFFFFFF
    return one, two
