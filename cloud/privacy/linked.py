"""What a photo or clip belongs to, and so how long it stays and what of it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.media.order import Kept, Rank
from cloud.media.store import COPIES
from cloud.privacy.copies import Box
from cloud.privacy.policy import PrivacyPolicy

_LINKS = text("""
    SELECT e.sha256, i.id, i.closed_at, i.event_class, a.box, a.label, e.media_type = 'video/mp4' AS clip
    FROM evidence e JOIN alarm a ON a.id = e.condition_id LEFT JOIN incident i ON i.id = a.incident_id
    WHERE e.sha256 = ANY(:names)
    UNION ALL
    SELECT photo, i.id, i.closed_at, i.event_class, NULL, NULL, false
    FROM incident_event l JOIN incident i ON i.id = l.incident_id,
        jsonb_array_elements_text(l.detail -> 'photos') AS photo
    WHERE l.detail -> 'photos' ?| :names AND jsonb_typeof(l.detail -> 'photos') = 'array'
        AND photo = ANY(:names)
    UNION ALL
    SELECT photo, coalesce(i.id, r.id), CASE WHEN i.id IS NOT NULL THEN i.closed_at ELSE r.decided_at END,
        coalesce(i.event_class, r.event_class, ''), NULL, NULL, false
    FROM report r LEFT JOIN incident i ON i.id = r.incident_id, unnest(r.photos) AS photo
    WHERE r.photos && :names AND photo = ANY(:names)
""").bindparams(bindparam("names", type_=ARRAY(Text)))
MANY = 1000
"""Names that are asked about at once."""


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that a photo or clip belongs to."""

    case: bool
    """False: an alarm without one."""
    closed_at: datetime | None
    event_class: str
    clip: bool
    box: Box | None = None
    label: str | None = None


async def links_of(connection: AsyncConnection, names: Sequence[str]) -> dict[str, list[Link]]:
    """By SHA-256, all that these photos and clips belong to."""
    found: dict[str, list[Link]] = {}
    for start in range(0, len(names), MANY):
        for row in await connection.execute(_LINKS, {"names": list(names[start : start + MANY])}):
            link = Link(
                row.id is not None, row.closed_at, row.event_class or "", row.clip, row.box, row.label
            )
            found.setdefault(row.sha256, []).append(link)
    return found


def on_duty(links: Collection[Link], policy: PrivacyPolicy, now: datetime) -> bool:
    """Whether the patrol room sees it in the course of its work: of a case that is open, or was lately."""
    lately = now - timedelta(seconds=policy.on_duty_after_closing)
    return not links or any(one.closed_at is None or one.closed_at > lately for one in links)


def clear_boxes(links: Iterable[Link], policy: PrivacyPolicy) -> list[Box]:
    """Boxes that a copy may show finer: of things, never of people."""
    return [
        (one.box[0], one.box[1], one.box[2], one.box[3])
        for one in links
        if one.box is not None and one.label not in policy.people
    ]


def kept(
    files: Iterable[tuple[str, int, datetime]],
    links: Mapping[str, Collection[Link]],
    policy: PrivacyPolicy,
    now: datetime,
) -> list[Kept]:
    """What stands on the disk (name, bytes, since when) as the order of going sees it."""
    return [_kept(name, size, since, links.get(name, ()), policy, now) for name, size, since in files]


def _kept(
    name: str, size: int, since: datetime, links: Collection[Link], policy: PrivacyPolicy, now: datetime
) -> Kept:
    if name.startswith(f"{COPIES}/"):
        return Kept(name, size, Rank.COPY, since, may_go=True, must_go=False)
    cases = [one for one in links if one.case]
    if not cases:
        least, most = policy.unlinked.span
        return Kept(name, size, Rank.UNLINKED, since, now - since >= least, now - since >= most)
    rank = Rank.CLIP if all(one.clip for one in cases) else Rank.PHOTO
    closed = [one.closed_at for one in cases if one.closed_at is not None]
    if len(closed) < len(cases):
        return Kept(name, size, rank, since, may_go=False, must_go=False)
    spans: list[Any] = [(one.closed_at, *policy.keep(one.event_class).span) for one in cases]
    return Kept(
        name, size, rank, max(closed),
        may_go=all(now - ended >= least for ended, least, _ in spans),
        must_go=all(now - ended >= most for ended, _, most in spans),
    )  # fmt: skip
