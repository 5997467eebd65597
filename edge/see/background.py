"""Two backgrounds of one camera: what is usual here, and what has stood still lately.

`usual` is the long background: how the place looks when nothing is left there. It follows slow
light and is never pulled towards things that merely stand still.
`recent` is the short one: for each pixel the value it holds now, with the time since when it holds
it. A pixel whose `recent` differs from `usual` belongs to something that stays; its age is read off
directly, in seconds of stream time, so a skipped picture stretches nothing.

Both live in the *usual* brightness: every picture is divided by its gain against `usual` first,
since a brightness step of x1.3 would otherwise turn the whole picture into a left object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.see.light import light_field
from edge.see.medians import counted_quantile

Luma = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Reals = NDArray[np.float32]

USUAL_TAU = 120.0
"""Seconds in which `usual` follows the light where the picture looks as usual."""
FIRST_TAU = 6.0
"""The same during the first seconds, while `usual` still averages its noise away."""
DIFFERENT = 20.0
"""Luma steps from which a pixel differs; raised with the measured noise. Left objects of a
pavement clip were found from 15 to 30; below 15 compression noise starts to count."""
TOLERATED = 0.5
"""Share of that by which it must also differ from everything usual within a pixel: a swaying pole does not,
and a thing of which only a part stands out from a rough ground does."""
HALF_NORMAL = 0.6745 / 0.3186
"""Median against lower quartile of the size of normally distributed steps."""
CLEAR_AIR = 7.5
"""Grey levels: `haze` measures them in streets on a clear day."""
HAZIEST = 0.7
"""Below it the picture's noise is all that is left."""
HAZE_EVERY = 16
"""Looks between two measurements of the haze."""
ESTABLISHED = 4.0
"""Seconds for which a look must have been seen before it is believed to be the usual one: what
drove past in the very first picture is not."""
TICK = 0.02
"""Seconds: the time for which a look was seen is counted in these, in one byte a pixel."""
ESTABLISHED_TICKS = round(ESTABLISHED / TICK)
MISSES = 2
"""Pictures in a row that must differ before `recent` follows: one passer-by in one picture
does not restart the clock of what stands behind."""
PAUSE = 15.0
"""Seconds without a picture after which the ones before and after it are not in a row."""


DRIFTED = 3.0
"""Seconds a pixel must hold its value before its departure from usual counts as drift of the light."""
FORGOTTEN = 900.0
"""Seconds after which still pixels that never made up a thing are taken as usual."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one picture relates to the backgrounds, all in pixels of the analysed picture.

    `different` differs from usual; `still_since` is the stream time since when the pixel holds its
    value; `jumped` pixels left the usual look at once, the others drifted away with the light;
    `gain` is this picture's brightness against usual; `threshold` what counted as different; `step` the
    seconds since the picture before.
    """

    picture: Luma
    """The picture in the usual brightness."""
    different: Mask
    jumped: Mask
    still_since: Reals
    gain: float
    threshold: float
    step: float = 1.0


def gain_against(picture: Luma, usual: Reals) -> float:
    """The brightness of `picture` against `usual`: the median ratio over well exposed pixels.

    A median, so that anything that covers less than half of the picture does not move it.
    Clamped to 1/4..4, within 0.004; 1.0 where too few pixels are well exposed to tell.
    """
    now = picture[::4, ::4].astype(np.float32)
    then = usual[::4, ::4].copy()
    fit = (now > 12) & (now < 243) & (then > 12) & (then < 243)
    if np.count_nonzero(fit) < 200:
        return 1.0
    return counted_quantile(cv2.divide(now, then), 0.5, 0.25, 4.0, fit.view(np.uint8))


def haze(usual: Reals) -> float:
    """The contrast of a place against that of one in clear air: rain and fog fade things and ground alike.

    HAZIEST..1.0, from the mean difference of the grey values to those around them.
    """
    small = cv2.resize(usual, (160, 90), interpolation=cv2.INTER_AREA)
    contrast = float(cv2.absdiff(small, cv2.GaussianBlur(small, (0, 0), 2.5)).mean())
    return min(1.0, max(HAZIEST, contrast / CLEAR_AIR))


class Backgrounds:
    """The two backgrounds of one camera; `see` is called once for each analysed picture."""

    def __init__(self, first: Luma, at: float, usual: Luma | None = None) -> None:
        """Begin with the picture `first` at stream time `at`; `usual` is one kept from before."""
        self.usual: Reals = (first if usual is None else usual).astype(np.float32)
        self.recent: Reals = first.astype(np.float32) / gain_against(first, self.usual)
        self._since: Reals = np.full(first.shape, at, np.float32)
        self._misses = np.zeros(first.shape, np.uint8)
        self._different: Mask = np.zeros(first.shape, np.bool_)
        # Of the pixels that differ: they left the usual look at once.
        self._jumped: Mask = np.zeros(first.shape, np.bool_)
        # Ticks for which each pixel of `usual` was seen.
        self._agreed_for = np.full(first.shape, 0 if usual is None else ESTABLISHED_TICKS, np.uint8)
        self._began = at
        self._last = at
        self._known = usual is not None
        self._noise = 2.0
        self._looks = 0

    def see(self, luma: Luma, at: float, guarded: Mask | None = None) -> Change:
        """Compare and learn. `guarded` pixels of `usual` are left alone (places under watch)."""
        gain = gain_against(luma, self.usual)
        light = light_field(luma, self.usual, gain)
        picture: Luma = (
            cv2.convertScaleAbs(luma, alpha=1.0 / gain)
            if light is None
            else cv2.divide(luma, light, dtype=cv2.CV_8U)
        )
        step = max(0.0, at - self._last)
        if step > PAUSE:
            self._misses[:] = 0
        self._noise += (min(self._calm(picture), 12.0) - self._noise) * 0.1
        if self._looks % HAZE_EVERY == 0:
            self._haze = haze(self.usual)
        self._looks += 1
        threshold = max(DIFFERENT, 7.0 * self._noise) * self._haze
        self._follow(picture, threshold)
        usual: Luma = cv2.convertScaleAbs(self.usual)
        different = _differs(picture, usual, threshold)
        left = different & ~self._different
        self._jumped[left] = self._since[left] >= self._last - 1.5 * step
        self._different = different
        self._agree(different, at)
        self._learn(picture, usual, guarded, step, at, threshold)
        self._last = at
        # Where the usual look is not established yet, nothing can be said to have left it.
        jumped = self._jumped & (self._agreed_for >= ESTABLISHED_TICKS)
        return Change(picture, different, jumped, self._since, gain, threshold, step)

    def absorb(self, region: tuple[slice, slice], mask: Mask) -> None:
        """Take what `recent` shows under `mask` as usual (something was taken away for good)."""
        self.usual[region][mask] = self.recent[region][mask]

    def _calm(self, picture: Luma) -> float:
        """The median step since `recent` that noise alone makes, told from its lower quarter: that is noise
        even in a busy street, and where a rough ground sways a little under the camera.
        """
        apart = cv2.absdiff(picture[::4, ::4].astype(np.float32), self.recent[::4, ::4].copy())
        return HALF_NORMAL * counted_quantile(apart, 0.25, 0.0, 16.0)

    def _follow(self, picture: Luma, threshold: float) -> None:
        apart = cv2.absdiff(picture, cv2.convertScaleAbs(self.recent))
        moved = (apart > int(threshold)).view(np.uint8)
        self._misses += 1
        self._misses *= moved
        changed = self._misses >= MISSES
        # Where it holds, recent follows gently, so that slow light does not end its stillness.
        cv2.accumulateWeighted(picture, self.recent, 0.2, mask=1 - moved)
        if changed.any():
            self.recent[changed] = picture[changed]
            # It was first seen in the first of the missed pictures, the one before this.
            self._since[changed] = self._last
            self._jumped |= changed
            self._misses[changed] = 0

    def _agree(self, different: Mask, at: float) -> None:
        """Count the time for which each pixel was seen as usual; in whole ticks since the beginning."""
        ticks = round((at - self._began) / TICK) - round((self._last - self._began) / TICK)
        if ticks > 0:
            cv2.add(self._agreed_for, min(ticks, 255), dst=self._agreed_for, mask=(~different).view(np.uint8))

    def _learn(
        self,
        picture: Luma,
        usual: Luma,
        guarded: Mask | None,
        step: float,
        at: float,
        threshold: float,
    ) -> None:
        """Pull `usual` towards the light, never towards what merely stands."""
        young = not self._known and at - self._began < 5 * FIRST_TAU
        # A pixel that is only like its neighbour is not learnt: a thing would be eaten from its rim.
        own = cv2.absdiff(picture, usual) <= int(threshold)
        self._pull(picture, own, guarded, 1.0 - math.exp(-step / (FIRST_TAU if young else USUAL_TAU)))
        holding = self._different & (self._misses == 0)
        if not holding.any():
            return
        taken = holding & (self._since < at - FORGOTTEN)
        fresh = holding & (self._agreed_for < ESTABLISHED_TICKS)
        if fresh.any():
            still = np.minimum((at - self._since[fresh]) / TICK, 255.0)
            never = still > np.maximum(self._agreed_for[fresh], ESTABLISHED_TICKS / 2)
            self._agreed_for[fresh] = np.where(never, still, self._agreed_for[fresh])
            taken[fresh] |= never
        drifted = holding & ~self._jumped & ~taken & (self._since < at - DRIFTED)
        self._pull(picture, drifted, guarded, 1.0 - math.exp(-step / FIRST_TAU))
        self._pull(picture, taken, guarded, 1.0)

    def _pull(self, picture: Luma, where: Mask, guarded: Mask | None, rate: float) -> None:
        free = where if guarded is None else where & ~guarded
        if free.any():
            cv2.accumulateWeighted(picture, self.usual, rate, mask=free.view(np.uint8))


def _differs(picture: Luma, usual: Luma, threshold: float) -> Mask:
    """Farther than `threshold` from `usual`, and clearly out of what it shows within one pixel."""
    near = np.ones((3, 3), np.uint8)
    above = cv2.subtract(picture, cv2.dilate(usual, near))
    below = cv2.subtract(cv2.erode(usual, near), picture)
    out = cv2.max(above, below) > int(TOLERATED * threshold)
    return np.asarray(out & (cv2.absdiff(picture, usual) > int(threshold)))
