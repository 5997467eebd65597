"""Show one labelled scene to an eye and the rules of its zones, as a node would, and note what they tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from devices.ids import uuid7
from devices.messages import Change
from edge.judge.lookout import Lookout
from edge.judge.panel import blank, judge_all
from edge.judge.shelf import ledger_from_json, ledger_to_json
from edge.see.detector import Detector
from edge.see.memory import freeze, thaw
from simulators.quality.match import Told
from simulators.scenes.labelled.model import LabelledScene

WHOLE = (0.0, 0.0, 1.0, 1.0)


def watch(scene: LabelledScene, detector: Detector, new_id: Callable[[], UUID] = uuid7) -> tuple[Told, ...]:
    """What is told of `scene`.

    At `scene.restart_at` eye and rules are thrown away and made anew from what a node keeps on its disk.
    """
    lookout = Lookout(scene.zones, detector, new_id)
    ledgers = blank(lookout.posts)
    told: dict[UUID, Told] = {}
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
    return tuple(told.values())
