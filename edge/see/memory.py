"""What an eye remembers over a restart: the usual picture, its slots and their anchors.

Stream time begins anew with every process, so times are kept as UTC seconds and tied back to the new
stream by its first picture.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import cv2
import numpy as np

from edge.errors import MemoryUnreadable
from edge.see.anchors import Anchors
from edge.see.background import Luma, Mask
from edge.see.blobs import PixelBox
from edge.see.places import Place
from edge.see.slots import Phase, Slot
from edge.see.votes import Votes

VERSION = 2
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, cv2.error)
"""What reading something else than our own JSON may raise."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All that an eye needs to go on. Slot times are seconds since 1970 UTC."""

    usual: Luma
    slots: tuple[Slot, ...]
    places: Mapping[UUID, Place]


def moved(slot: Slot, by: float) -> Slot:
    """The slot with its times on another clock."""
    leaving = None if slot.leaving_since is None else slot.leaving_since + by
    return replace(slot, since=slot.since + by, last_present=slot.last_present + by, leaving_since=leaving)


def not_after(slot: Slot, at: float) -> Slot:
    """The slot with no time in it after `at`: the clock that it was kept by may have been set back since."""
    leaving = None if slot.leaving_since is None else min(slot.leaving_since, at)
    since, present = min(slot.since, at), min(slot.last_present, at)
    return replace(slot, since=since, last_present=present, leaving_since=leaving)


def freeze(memory: Memory) -> bytes:
    """As bytes for the store (JSON; pictures as PNG)."""
    kept = {
        "version": VERSION,
        "usual": _png(memory.usual),
        "slots": [_slot(slot, memory.places[slot.id]) for slot in memory.slots],
    }
    return json.dumps(kept, separators=(",", ":")).encode()


def thaw(kept: bytes) -> Memory:
    """Read back what `freeze` made.

    Raises:
        MemoryUnreadable: not made by `freeze`, or by one of another version.
    """
    try:
        raw = json.loads(kept)
        if raw["version"] != VERSION:
            raise MemoryUnreadable(f"an eye's memory has version {raw['version']}, this is {VERSION}")
        usual = _picture(raw["usual"])
        both = [_thawed(one) for one in raw["slots"]]
    except _UNREADABLE as error:
        raise MemoryUnreadable(f"an eye's memory cannot be read: {error}") from error
    if not all(_fits(place, usual) for _, place in both):
        raise MemoryUnreadable("an eye's memory cannot be read: a place does not fit its pictures")
    return Memory(usual, tuple(slot for slot, _ in both), {slot.id: place for slot, place in both})


def _fits(place: Place, usual: Luma) -> bool:
    """The box lies in the picture, and the anchors are of its size."""
    x0, y0, x1, y1 = place.box
    looks = [place.anchors.taken, place.anchors.mask]
    if place.anchors.empty is not None:
        looks.append(place.anchors.empty)
    inside = 0 <= x0 < x1 <= usual.shape[1] and 0 <= y0 < y1 <= usual.shape[0]
    return inside and all(look.shape == (y1 - y0, x1 - x0) for look in looks)


def _slot(slot: Slot, place: Place) -> dict[str, Any]:
    return {
        "id": str(slot.id),
        "box": slot.box,
        "since": slot.since,
        "at_least": slot.at_least,
        "stood": slot.stood,
        "last_present": slot.last_present,
        "phase": slot.phase,
        "confirmed": slot.confirmed,
        "presents": slot.presents,
        "looks": slot.looks,
        "leaving_since": slot.leaving_since,
        "gone_looks": slot.gone_looks,
        "votes": {"looks": slot.votes.looks, "tally": slot.votes.tally},
        "named_box": slot.named_box,
        "named_score": slot.named_score,
        "missed": slot.missed,
        "stirring": slot.stirring,
        "place": place.box,
        "taken": _png(place.anchors.taken),
        "empty": None if place.anchors.empty is None else _png(place.anchors.empty),
        "mask": _png(place.anchors.mask.astype(np.uint8) * 255),
    }


def _thawed(raw: Mapping[str, Any]) -> tuple[Slot, Place]:
    tally = tuple((str(label), float(total), int(times)) for label, total, times in raw["votes"]["tally"])
    slot = Slot(
        id=UUID(raw["id"]),
        box=_box(raw["box"]),
        since=float(raw["since"]),
        at_least=bool(raw["at_least"]),
        stood=float(raw["stood"]),
        last_present=float(raw["last_present"]),
        phase=Phase(raw["phase"]),
        confirmed=bool(raw["confirmed"]),
        presents=int(raw["presents"]),
        looks=int(raw["looks"]),
        leaving_since=None if raw["leaving_since"] is None else float(raw["leaving_since"]),
        gone_looks=int(raw["gone_looks"]),
        votes=Votes(int(raw["votes"]["looks"]), tally),
        named_box=None if raw["named_box"] is None else _box(raw["named_box"]),
        named_score=float(raw["named_score"]),
        missed=int(raw.get("missed", 0)),
        stirring=float(raw.get("stirring", 0.0)),
    )
    mask: Mask = _picture(raw["mask"]) > 127
    empty = None if raw["empty"] is None else _picture(raw["empty"])
    return slot, Place(_box(raw["place"]), Anchors(_picture(raw["taken"]), empty, mask))


def _box(raw: Sequence[Any]) -> PixelBox:
    x0, y0, x1, y1 = (int(v) for v in raw)
    return x0, y0, x1, y1


def _png(picture: Luma) -> str:
    _, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return base64.b64encode(data.tobytes()).decode("ascii")


def _picture(text: str) -> Luma:
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError("a kept picture is damaged")
    return np.asarray(picture, np.uint8)
