"""Rules that join, on a running node: each condition passes here in the very transaction that queues it.

Two threads decide about conditions, and the store lets one at a time write: inside its transaction is the one
place that both pass one after the other. So a join is decided there, without a lock of its own and without
a moment at which a part is told and its join has not heard of it. What a join remembers is read from the
store and put back there each time; in memory stands only what the site says. A transaction that fails thus
undoes the join with the part.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from devices.messages import Change, Condition, ConditionState
from devices.site.model import Point
from edge.errors import StoreError
from edge.judge.joined import Life
from edge.judge.joined_shelf import moved, notes_from_json, notes_to_json
from edge.judge.joints import Joint, Kept, joints_of, passed_on, relayed
from edge.keep import NodeStore
from edge.keep.transaction import Transaction

log = logging.getLogger(__name__)

JOIN = "join"


class Joins:
    """The store's relay; any thread, inside a transaction."""

    def __init__(
        self,
        node: str,
        points: list[Point],
        store: NodeStore,
        new_id: Callable[[], UUID],
        look: Callable[[str], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`look` asks a camera for a picture soon: another part of its join has come. It must not wait."""
        self._node, self._store, self._new_id, self._look = node, store, new_id, look
        self._monotonic, self._wall = monotonic, wall
        self._run = uuid4().hex
        """What is kept by this is kept by the monotonic clock of now."""
        self._joints: tuple[Joint, ...] = ()
        self.restock(points)

    def restock(self, points: list[Point]) -> None:
        """Join by what the site says now; both deciding threads are held meanwhile.

        What is open of joins that the site no longer has is cleared; one with other parts is another join.
        """
        joints = joints_of(points)
        known = {joint.join.id: _digest(joint) for joint in joints}
        kept = {key: json.loads(state) for key, state in self._store.states(JOIN).items()}
        gone = {key: raw for key, raw in kept.items() if known.get(key) != raw["digest"]}
        try:
            if gone:
                self._close(gone)
        except StoreError as error:
            # Those that are other joins now must not go on with what stands there: not before the next start.
            log.error("what removed joins have open cannot be cleared: %s", error)
            joints = tuple(joint for joint in joints if joint.join.id not in gone)
        self._joints = joints

    def __call__(self, tx: Transaction, condition: Condition, at: datetime) -> Iterable[Condition]:
        """What is told in a condition's place."""
        parts = [(joint, part) for joint in self._joints if (part := joint.part(condition)) is not None]
        if not parts:
            return (condition,)
        now = self._monotonic()
        offset = self._wall() - now
        heard = []
        for joint, part in parts:
            one = relayed(
                joint, part, self._read(tx, joint, now, offset), condition, now, offset, self._new_id
            )
            self._write(tx, joint, one.kept, offset)
            heard.append(one)
            if condition.change is Change.OPENED:
                self._wake(joint, one.kept.notes.lives, condition.device)
        return passed_on(condition, heard)

    def _wake(self, joint: Joint, lives: Iterable[Life], device: str) -> None:
        """A part has come: the cameras of the other parts look at their next picture."""
        wanted = {part.device for part in joint.join.parts if part.device in joint.cameras}
        seen = {one.shown.device for one in lives if one.end is None}
        for camera in sorted(camera for camera in wanted - seen - {device} if camera is not None):
            self._look(camera)

    def _read(self, tx: Transaction, joint: Joint, now: float, offset: float) -> Kept:
        state = tx.state(JOIN, joint.join.id)
        if state is None:
            return Kept()
        raw = json.loads(state)
        notes = notes_from_json(raw["notes"])
        if raw["run"] != self._run:
            notes = moved(notes, raw["offset"] - offset, now)
        withheld = (Condition.model_validate(one) for one in raw["withheld"])
        return Kept(notes, {one.condition_id: one for one in withheld})

    def _write(self, tx: Transaction, joint: Joint, kept: Kept, offset: float) -> None:
        raw = {
            "run": self._run,
            "offset": offset,
            "digest": _digest(joint),
            "notes": notes_to_json(kept.notes),
            "withheld": [one.model_dump(mode="json") for one in kept.withheld.values()],
            "post": {
                "point": joint.point,
                "place": joint.join.place or joint.join.id,
                "event_class": joint.join.event_class,
                "severity": joint.join.severity,
            },
        }
        tx.put_state(JOIN, joint.join.id, json.dumps(raw, separators=(",", ":")).encode())

    def _close(self, gone: Mapping[str, Any]) -> None:
        at = datetime.fromtimestamp(self._wall(), UTC)
        with self._store.transaction() as tx:
            for key, raw in gone.items():
                tx.delete_state(JOIN, key)
                for condition in _last_words(self._node, key, raw, at):
                    tx.queue(condition, at)
                    log.info("%s is over, it is no longer in the site as it was", key)


def _last_words(node: str, key: str, raw: Mapping[str, Any], at: datetime) -> Iterator[Condition]:
    notes = notes_from_json(raw["notes"])
    if (case := notes.case) is None:
        return
    yield Condition(
        condition_id=case.id,
        rev=case.rev + 1,
        change=Change.CLEARED,
        state=ConditionState.CLEARED,
        node=node,
        device=key,
        rule=key,
        label=case.label,
        score=case.score,
        since=datetime.fromtimestamp(case.since + raw["offset"], UTC),
        changed_at=at,
        suspected=case.suspected,
        reopens=case.reopens,
        parts=notes.named,
        ended="rule_removed",
        **raw["post"],
    )


def _digest(joint: Joint) -> str:
    """What makes it this join: its parts and how they hold together."""
    join = joint.join
    where = [sorted(points) for points in joint.where]
    return json.dumps([joint.point, join.kind, join.count, [one.model_dump() for one in join.parts], where])
