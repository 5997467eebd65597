"""Show one labelled scene to an eye and the rules of its zones, as a node would, and note what they tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from devices.ids import uuid7
from devices.messages import Change
from edge.judge.lookout import Lookout
from edge.judge.panel import Notes, Post, Sighting, blank, judge_all
from edge.judge.shelf import ledger_from_json, ledger_to_json
from edge.judge.stays import Ledger
from edge.see.detector import Detector
from edge.see.memory import freeze, thaw
from simulators.quality.match import Reckoned, Told
from simulators.scenes.labelled.model import LabelledScene

WHOLE = (0.0, 0.0, 1.0, 1.0)


def watch(
    scene: LabelledScene, detector: Detector, new_id: Callable[[], UUID] = uuid7
) -> tuple[tuple[Told, ...], tuple[Reckoned, ...]]:
    """What is told of `scene`, and how many it says there are, where its truth has counts.

    At `scene.restart_at` eye and rules are thrown away and made anew from what a node keeps on its disk.
    """
    lookout = Lookout(scene.zones, detector, new_id)
    ledgers = blank(lookout.posts)
    told: dict[UUID, Told] = {}
    reckoned: list[Reckoned] = []
    last = None
    for picture in scene.pictures():
        if (
            last is not None
            and scene.restart_at is not None
            and last.stream_time < scene.restart_at <= picture.stream_time
        ):
            memory = lookout.eye.memory(last)
            lookout = Lookout(scene.zones, detector, new_id, None if memory is None else thaw(freeze(memory)))
            kept = [json.dumps(ledger_to_json(ledger, 0.0)) for ledger in ledgers]
            ledgers = tuple(ledger_from_json(json.loads(one), 0.0) for one in kept)
        last = picture
        sighting = lookout.look(picture, ledgers)
        ledgers, turns = judge_all(lookout.posts, ledgers, sighting, new_id)
        if scene.tallies:
            reckoned += _reckoned(lookout.posts, ledgers, sighting)
        for post, turn in turns:
            case = turn.case
            if turn.change is Change.OPENED:
                told[case.id] = Told(
                    post.zone.id,
                    post.rule.id,
                    case.label,
                    case.box or WHOLE,
                    turn.at,
                    suspected=case.suspected,
                )
            elif turn.change is Change.CLEARED:
                told[case.id] = replace(told[case.id], cleared=turn.at)
    return tuple(told.values()), tuple(reckoned)


def _reckoned(posts: Sequence[Post], ledgers: Sequence[Notes], sighting: Sighting) -> list[Reckoned]:
    """What the open cases of zones say now of how many there are and what they cover."""
    found = []
    for post, notes in zip(posts, ledgers, strict=True):
        for case in notes.cases.values() if isinstance(notes, Ledger) else ():
            covers = sighting.covers.get(post.zone.id, {})
            share = sum(covers[slot].share for slot in case.members if slot in covers)
            if case.count is not None:
                found.append(Reckoned(sighting.view.at, case.count, case.count_error or 0, share))
    return found
