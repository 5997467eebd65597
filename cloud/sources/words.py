"""What people write, before it is kept: numbers that name a person are taken out. Pure."""

from __future__ import annotations

import re

HIDDEN = "***"
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[1-9]\d{16}[\dXx]"  # resident identity number: 17 digits and a check character (GB 11643)
    r"|(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}"  # mobile number
    r"|0\d{2,3}[- ]?\d{7,8}"  # fixed line with area code
    r")(?![0-9A-Za-z])"
)


def without_numbers(text: str) -> str:
    """`text` without telephone and identity numbers, blanks at its ends and control characters."""
    folded = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
    return _PERSONAL.sub(HIDDEN, folded).strip()
