"""A slot: a place in a picture where something stays. Its life, as a pure step function.

    CANDIDATE ──► STANDING ◄──► HIDDEN        HIDDEN: nothing can be said now, the clock stands still
        │             │            │
        └──► (dropped)└──► LEAVING ┴──► GONE  LEAVING: the empty look wins, not yet for long enough

Identity is the place, never a tracker's number: whoever walks past in between changes nothing.
All times are seconds of stream time; the clock of a slot (`stood`) counts only what was seen, but
bridges a short passer-by when the thing was there before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from edge.see.anchors import Seen
from edge.see.blobs import PixelBox, area_of, inside, iou, over
from edge.see.votes import ANIMATE, NO_VOTES, UNKNOWN, Votes

BRIDGE = 12.0
"""Seconds that something may stand in front before the clock stops."""
CONFIRM = 3
"""Looks that must say *present* before a candidate is believed to stand."""
SURE_LOOKS = 2
"""The same of a candidate that was seen at every look, besides the seconds it held still before."""
CLEAR_LOOKS = 3
"""Looks in a row that must say *gone*, besides the time, before a place is called empty."""
TOGETHER = 6.0
"""Seconds within which the parts of one thing come to rest."""
BESIDE = 3.0
"""The same of somebody: what stood there before is not a part of who stands before it now."""
SCRAP = 0.25
"""Share of a thing with a name that something without one covers when it may be a part of it."""
BEFORE = 0.7
"""Share of a place within something that came later from which that one stands in front of it."""
RIM = 0.1
"""Around what the detector drew: the shadow at its foot belongs to the thing."""
NEVER = 4
"""Looks after which a candidate that was not seen again even once is forgotten."""
DOUBTS = 8
"""Looks after which a candidate that was mostly not seen again is forgotten."""
STIRS = 0.045
"""Change of how much of a place looks as it was taken, from one look to the next, in the mean, from which
what stands there is alive. Of some 80 things in all weathers none was above .035 (on a pole that sways), of 9
people who stood one below .05; blurred and faint ones stir as little as .02."""
LEAP = 0.1
"""More of it in one look is somebody who passes before it."""
LATELY = 20
"""Looks over which that mean is taken."""


class Phase(StrEnum):
    """Where a slot is in its life."""

    CANDIDATE = "candidate"
    STANDING = "standing"
    HIDDEN = "hidden"
    LEAVING = "leaving"
    GONE = "gone"


STAYING = (Phase.CANDIDATE, Phase.STANDING)


@dataclass(frozen=True, slots=True)
class Slot:
    """One place where something stays."""

    id: UUID
    box: PixelBox
    since: float
    """When it came to rest."""
    at_least: bool
    """It was there before the node looked: `since` is a lower bound of how long."""
    stood: float
    """Seconds it was seen to stand."""
    last_present: float
    phase: Phase = Phase.CANDIDATE
    confirmed: bool = False
    """It was once seen often enough, and most of the times that it could be; nothing takes that back."""
    presents: int = 0
    looks: int = 0
    leaving_since: float | None = None
    gone_looks: int = 0
    votes: Votes = NO_VOTES
    named_box: PixelBox | None = None
    """What the best look of the detector drew around it: truer where parts look like the ground."""
    named_score: float = 0.0
    missed: int = 0
    """Looks of the detector in a row, up to the last one, that found nobody here."""
    likeness: float | None = None
    """Share of the place that looked as it was taken, when it was last seen; None: not seen yet."""
    stirring: float = 0.0
    """By how much that share changes from one look to the next, in the mean."""

    @property
    def lively(self) -> bool:
        """It shifts its weight, as nobody's thing does: somebody whom the detector does not know."""
        return self.stirring >= STIRS

    @property
    def steady(self) -> bool:
        """It was seen nearly always: what nobody can name must at least be that."""
        return self.presents >= 0.8 * self.looks

    def with_name(self, label: str | None, score: float, box: PixelBox | None) -> Slot:
        """After one look of the detector, which called it `label` (None: nothing it knows).

        When as many looks in a row found nobody as had found somebody, he has gone, and what is left is asked
        for anew: a single one may have overlooked him.
        """
        missed = 0 if label in ANIMATE else self.missed + 1
        gone = self.votes.animate and missed >= self.votes.sightings
        votes = (NO_VOTES if gone else self.votes).with_look(label, score)
        slot = replace(self, votes=votes, missed=missed)
        if box is not None and score > self.named_score:
            slot = replace(slot, named_box=box, named_score=score)
        return slot


def step(
    slot: Slot,
    seen: Seen,
    at: float,
    clear_after: float,
    *,
    behind: bool = False,
    likeness: float | None = None,
) -> Slot:
    """The slot after one look at stream time `at`; `clear_after` is how long *gone* must hold.

    `behind`: another slot is in front of it. `likeness`: the share of it that looks as it was taken.
    """
    if slot.phase is Phase.GONE:
        return slot
    if seen is Seen.PRESENT:
        gap = at - slot.last_present
        stood = slot.stood + (gap if gap <= BRIDGE else 0.0)
        slot = replace(
            slot,
            stood=stood,
            last_present=at,
            presents=slot.presents + 1,
            looks=slot.looks + 1,
            leaving_since=None,
            gone_looks=0,
            likeness=likeness,
            stirring=_stirring(slot, likeness),
        )
        often = slot.presents >= CONFIRM and slot.presents >= 0.5 * slot.looks
        confirmed = slot.confirmed or often
        return replace(slot, confirmed=confirmed, phase=Phase.STANDING if confirmed else Phase.CANDIDATE)
    if seen is Seen.GONE:
        since = at if slot.leaving_since is None else slot.leaving_since
        slot = replace(slot, leaving_since=since, gone_looks=slot.gone_looks + 1, looks=slot.looks + 1)
        done = slot.gone_looks >= CLEAR_LOOKS and at - since >= clear_after
        return replace(slot, phase=Phase.GONE if done else Phase.LEAVING)
    hidden_for = at - slot.last_present
    # Seen at each look until somebody stepped in front: it need not prove itself anew.
    if not slot.confirmed and not (slot.presents >= SURE_LOOKS and slot.presents == slot.looks):
        doubtful = slot.looks >= DOUBTS and hidden_for > BRIDGE
        # Somebody passed at the very look at which it was taken: it is found anew, as it is.
        doubtful |= slot.presents == 0 and slot.looks + 1 >= NEVER
        return replace(slot, looks=slot.looks + 1, phase=Phase.GONE if doubtful else Phase.CANDIDATE)
    # What stands in front may be the person who takes it away: the count of *gone* starts anew.
    # A look at what stands in front for longer says nothing of how well this one is seen.
    hidden = hidden_for > BRIDGE
    return replace(
        slot,
        confirmed=True,
        looks=slot.looks if hidden or behind else slot.looks + 1,
        leaving_since=None,
        gone_looks=0,
        phase=Phase.HIDDEN if hidden else Phase.STANDING,
    )


def _stirring(slot: Slot, likeness: float | None) -> float:
    """The running mean after one more look at which it was seen."""
    if slot.likeness is None or likeness is None:
        return slot.stirring
    change = min(LEAP, abs(likeness - slot.likeness))
    return slot.stirring + (change - slot.stirring) / min(slot.presents, LATELY)


def blinded(slot: Slot, at: float) -> Slot:
    """The slot while the camera cannot see: nothing counts, neither for it nor against it."""
    if slot.phase in (Phase.GONE, Phase.CANDIDATE):
        return slot
    hidden = at - slot.last_present > BRIDGE
    return replace(slot, phase=Phase.HIDDEN if hidden else slot.phase, leaving_since=None, gone_looks=0)


def stands_before(other: Slot, slot: Slot) -> bool:
    """Whether `other` came to stand where `slot` was seen last: it may be as grey as the ground behind."""
    if other.id == slot.id or other.phase not in STAYING or other.since < slot.last_present:
        return False
    return inside(slot.box, other.box) >= BEFORE


def in_front(other: Slot, slot: Slot) -> bool:
    """Whether `other` came to rest in front of `slot`, whenever that one was last seen."""
    if other.id == slot.id or other.phase not in STAYING or other.since - slot.since <= TOGETHER:
        return False
    return inside(slot.box, other.box) >= BEFORE


def part_of(slot: Slot, whole: Slot) -> bool:
    """Whether `slot` lies within what the detector drew around `whole`, and came at the same time.

    Something later that stands in front of the thing, or a second thing beside it, is not a part.
    """
    if slot.id == whole.id or slot.at_least != whole.at_least:
        return False
    if _borne_by(slot, whole):
        return True
    if whole.named_box is None:
        return False
    within = BESIDE if whole.votes.animate else TOGETHER
    if abs(slot.since - whole.since) > within or whole.votes.verdict()[0] == UNKNOWN:
        return False
    if slot.named_box is not None and slot.named_score > whole.named_score:
        return False
    x0, y0, x1, y1 = whole.named_box
    dx, dy = round(RIM * (x1 - x0)), round(RIM * (y1 - y0))
    within = inside(slot.box, (x0 - dx, y0 - dy, x1 + dx, y1 + dy)) >= 0.6
    same = slot.named_box is not None and iou(slot.named_box, whole.named_box) >= 0.6
    return within or same


def _borne_by(slot: Slot, whole: Slot) -> bool:
    """Nobody can name it, and it stands over or in what came to rest in the same moment: the top of a table
    with its cloth, the shadow under a chair.
    """
    if abs(slot.since - whole.since) > BESIDE or slot.votes.verdict()[0] != UNKNOWN:
        return False
    most = 1.0 if whole.votes.verdict()[0] == UNKNOWN else SCRAP
    if area_of(slot.box) > most * area_of(whole.box):
        return False
    return over(slot.box, whole.box)
