"""Codes of areas: of the form of the standard, each given once, a child's beginning as its parent's?

Twelve digits are the statistical division code (GB/T 2260 for the first six, GB/T 10114 for the township's
three, the statistics office's own rule for the last three); the unit grid's sequence makes fifteen. Nothing
is parsed out of a code: the tree of `parent` decides, and a code is only held against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from devices.site.model import Area
from devices.site.source import Finding

LENGTHS = {"street": 9, "community": 12, "grid": 15}
"""Digits of a code, by the level of its area."""
_TENS = {1: "12345", 2: "123", 3: "1234567", 4: "123456", 5: "01234", 6: "12345", 7: "1", 8: "12", 9: "9"}
PROVINCES = frozenset(f"{ten}{one}" for ten, ones in _TENS.items() for one in ones)
"""GB/T 2260; and 99, which is no province's, for streets that are invented."""
_LATIN = re.compile(r"[0-9]+")
_TOP = "012345"
"""Townships and what lies below them: 001-599 (a first digit 0 to 5), by kind."""


def code_fault(code: str, level: str) -> str | None:
    """What is wrong with the form of `code` for an area of `level`; names the digit (counted from 1)."""
    for at, sign in enumerate(code, 1):
        if not _LATIN.fullmatch(sign):
            return f"digit {at} of {code!r} is {sign!r}, which is no digit"
    length = LENGTHS[level]
    if len(code) != length:
        return f"{code} has {len(code)} digits, a {level}'s has {length}"
    if code[:2] not in PROVINCES:
        at = 2 if any(code[0] == one[0] for one in PROVINCES) else 1
        return f"digit {at} of {code} is {code[at - 1]}, no province is {code[:2]}"
    if code[2:4] == "00":
        return f"digits 3 and 4 of {code} are 00, which names no prefecture"
    for begin, part in ((7, "township"), (10, "community"), (13, "grid")):
        if begin > length:
            break
        three = code[begin - 1 : begin + 2]
        if three == "000":
            return f"digits {begin} to {begin + 2} of {code} are 000, which names no {part}"
        if part != "grid" and three[0] not in _TOP:
            return f"digit {begin} of {code} is {three[0]}, a {part}'s three digits are 001 to 599"
    return None


def code_findings(areas: Sequence[Area]) -> Iterator[Finding]:
    """Codes of the wrong form, given twice, or that begin otherwise than the parent's."""
    first: dict[str, str] = {}
    known = {area.id: area for area in areas}
    for at, area in enumerate(areas):
        if area.code is None:
            continue
        trail = ("areas", at, "code")
        fault = code_fault(area.code, area.level)
        if fault:
            yield Finding(trail, f"{area.id}: {fault}", "take the code from the list of divisions")
            continue
        if area.code in first:
            what = f"{area.id} has the code {area.code} of {first[area.code]}"
            yield Finding(trail, what, "each area has a code of its own")
        first.setdefault(area.code, area.id)
        parent = known.get(area.parent or "")
        if parent and parent.code and code_fault(parent.code, parent.level) is None:
            pairs = zip(area.code, parent.code, strict=False)
            off = next((n for n, (mine, its) in enumerate(pairs) if mine != its), None)
            if off is not None:
                what = (
                    f"{area.id} belongs to {parent.id} ({parent.code}), but digit {off + 1} of its code "
                    f"{area.code} is {area.code[off]} and not {parent.code[off]}"
                )
                yield Finding(trail, what, "mend `parent` or the digit")
