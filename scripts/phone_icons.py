"""Draw the phone page's icons into `cloud/web/public`: `python -m scripts.phone_icons`.

The mark of `cloud/web/src/look/icon.svg` within the inner four fifths, so that a system may cut the corners.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).parents[1] / "cloud" / "web" / "public"
SIZES = (192, 512)
FINER = 4
"""Drawn so much larger and then shrunk: smooth edges."""
GROUND, LINE, MARK = (0x16, 0x17, 0x10), (0xC1, 0xD4, 0x7F), (0x6B, 0x7A, 0xFF)
"""Blue, green, red."""
INSET = 0.1


def draw(size: int) -> np.ndarray:
    """One icon of `size` pixels."""
    side = size * FINER
    picture = np.full((side, side, 3), GROUND, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        inner = side * (1 - 2 * INSET) / 32
        return round(side * INSET + x * inner), round(side * INSET + y * inner)

    thick = round(2.4 * side * (1 - 2 * INSET) / 32)
    cv2.rectangle(picture, at(6, 6), at(26, 26), LINE, thick)
    cv2.line(picture, at(6, 16), at(26, 16), LINE, thick)
    cv2.line(picture, at(16, 6), at(16, 26), LINE, thick)
    for reach, colour in ((5.4, GROUND), (4.4, MARK)):
        corners = [(21, 21 - reach), (21 + reach, 21), (21, 21 + reach), (21 - reach, 21)]
        cv2.fillPoly(picture, [np.array([at(x, y) for x, y in corners])], colour)
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    for size in SIZES:
        cv2.imwrite(str(HERE / f"phone-{size}.png"), draw(size), [cv2.IMWRITE_PNG_COMPRESSION, 9])
