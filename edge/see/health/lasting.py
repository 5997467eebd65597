"""A sign that lasts: slow to be believed and slow to be given up."""

from __future__ import annotations

from dataclasses import dataclass, replace

LOOKS = 3
"""In a row that must say the same, besides the time."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What is believed of one kind of ill health. Times are seconds on the caller's clock."""

    on: bool = False
    since: float | None = None
    """When what is believed began; None: before anything was looked at."""
    other_since: float | None = None
    """Since when every look says the opposite."""
    looks: int = 0
    """How many those are."""
    told_at: float | None = None
    """The last look that could tell."""

    def after(self, said: bool | None, at: float, enter: float, leave: float) -> Lasting:
        """One look further; `enter` and `leave` are the seconds for which the opposite must be said."""
        if said is None:
            return replace(self, other_since=None, looks=0)
        if said is self.on:
            return replace(self, other_since=None, looks=0, told_at=at)
        since, looks = at if self.other_since is None else self.other_since, self.looks + 1
        if looks >= LOOKS and at - since >= (leave if self.on else enter):
            return Lasting(said, since, told_at=at)
        return replace(self, other_since=since, looks=looks, told_at=at)

    def moved(self, by: float) -> Lasting:
        """The same on another clock."""

        def there(at: float | None) -> float | None:
            return None if at is None else at + by

        return replace(
            self,
            since=there(self.since),
            other_since=there(self.other_since),
            told_at=there(self.told_at),
        )
