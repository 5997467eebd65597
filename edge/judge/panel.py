"""All rules of one camera over one look. Node, replay and `gridwatch eval` judge through this one door.

lookout = Lookout(zones, detector, new_id)
ledgers = blank(lookout.posts)
for picture in pictures:
    sighting = lookout.look(picture, ledgers)
    ledgers, turns = judge_all(lookout.posts, ledgers, sighting, new_id)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from devices.site.model import CameraRule, Zone
from edge.judge import stays
from edge.judge.case import Turn
from edge.judge.stays import Ledger
from edge.see.eye import View


@dataclass(frozen=True, slots=True)
class Post:
    """One rule in one zone of a camera."""

    zone: Zone
    rule: CameraRule


@dataclass(frozen=True, slots=True)
class Sighting:
    """All that one look at one camera gives its rules."""

    view: View


def posts_of(zones: Iterable[Zone]) -> tuple[Post, ...]:
    """Every rule of every zone, in the file's order."""
    return tuple(Post(zone, rule) for zone in zones for rule in zone.rules)


def blank(posts: Sequence[Post]) -> tuple[Ledger, ...]:
    """What the rules remember before their first look."""
    return tuple(Ledger({}) for _ in posts)


def judge_all(
    posts: Sequence[Post], ledgers: Sequence[Ledger], sighting: Sighting, new_id: Callable[[], UUID]
) -> tuple[tuple[Ledger, ...], tuple[tuple[Post, Turn], ...]]:
    """One look by all rules: what each remembers now, and the turns they took."""
    after: list[Ledger] = []
    turns: list[tuple[Post, Turn]] = []
    for post, ledger in zip(posts, ledgers, strict=True):
        now, taken = stays.judge(post.rule, post.zone.polygon, ledger, sighting.view, new_id)
        after.append(now)
        turns += [(post, one) for one in taken]
    return tuple(after), tuple(turns)
