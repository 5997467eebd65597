"""Copies that show what is the matter and nobody's face: a mosaic, finer where the alarm's box is.

A promise is made by arithmetic, not by a detector: no detector finds every face, and one that it missed would
stand in a "blurred" copy. Whatever is in the picture, no detail narrower than a tile survives. Pure.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, UnidentifiedImageError

COARSE = 64
"""Tiles across the picture's longer side. A face of a 15th of it (128 of 1920 pixels) is 4 tiles across;
people need about 7 by 10 to know one whom they know well (Sinha and others, Proc. IEEE 94 (11), 2006)."""
FINE = 256
"""Tiles across inside the box of a thing. A number plate of a 15th is 17 tiles across, for seven or eight
characters: about 2 a character, where reading takes 5 and more."""
MARGIN = 0.02
"""Of the picture, around a box: things sway, and the photo is a little later than the box."""
MOST_PIXELS = 40_000_000
"""A picture that claims more is not opened."""
QUALITY = 80
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as parts of width and height."""


class NoCopy(ValueError):
    """The bytes are no picture of which a copy can be made."""


def copy_of(jpeg: bytes, clear: Sequence[Box] = ()) -> bytes:
    """The copy of a picture as JPEG, without its metadata; boxes in `clear` are finer.

    Raises:
        NoCopy: it cannot be read, or is too large.
    """
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NoCopy(f"a picture of {opened.width} by {opened.height}")
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoCopy("not a readable JPEG") from error
    shown = _mosaic(picture, COARSE)
    fine = _mosaic(picture, FINE) if clear else shown
    for box in clear:
        area = _pixels(box, picture.size)
        if area is not None:
            shown.paste(fine.crop(area), area[:2])
    shown.info.clear()  # or a comment of the original's goes along
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def blank() -> bytes:
    """What is shown of what cannot be copied: a grey picture."""
    out = io.BytesIO()
    Image.new("RGB", (320, 180), (96, 96, 96)).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _mosaic(picture: Image.Image, tiles: int) -> Image.Image:
    longer = max(picture.size)
    small = tuple(max(1, round(side * tiles / longer)) for side in picture.size)
    if small[0] >= picture.width and small[1] >= picture.height:
        return picture.copy()
    few = picture.resize((small[0], small[1]), Image.Resampling.BOX)
    return few.resize(picture.size, Image.Resampling.NEAREST)


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    width, height = size
    left, top = max(0.0, box[0] - MARGIN), max(0.0, box[1] - MARGIN)
    right, bottom = min(1.0, box[2] + MARGIN), min(1.0, box[3] + MARGIN)
    area = (int(left * width), int(top * height), int(right * width), int(bottom * height))
    return area if area[0] < area[2] and area[1] < area[3] else None
