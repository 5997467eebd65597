"""Show one labelled scene to an eye and the rules of its zones, as a node would, and note what they tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from devices.ids import uuid7
from devices.messages import Change
from edge.judge.shelf import ledger_from_json, ledger_to_json
from edge.judge.stays import Ledger, judge
from edge.judge.watch import watch_for
from edge.see.detector import Detector
from edge.see.eye import Eye
from edge.see.memory import freeze, thaw
from simulators.quality.match import Told
from simulators.scenes.labelled.model import LabelledScene

WHOLE = (0.0, 0.0, 1.0, 1.0)


def watch(scene: LabelledScene, detector: Detector, new_id: Callable[[], UUID] = uuid7) -> tuple[Told, ...]:
    """What is told of `scene`.

    At `scene.restart_at` eye and rules are thrown away and made anew from what a node keeps on its disk.
    """
    rules = [(zone, rule) for zone in scene.zones for rule in zone.rules]
    wanted = watch_for([rule for _, rule in rules])
    eye = Eye(wanted, detector, new_id)
    ledgers = [Ledger({}) for _ in rules]
    told: dict[UUID, Told] = {}
    last = None
    for picture in scene.pictures():
        stopped = scene.restart_at is not None and last is not None
        if stopped and last is not None and last.stream_time < (scene.restart_at or 0) <= picture.stream_time:
            memory = eye.memory(last)
            eye = Eye(wanted, detector, new_id, None if memory is None else thaw(freeze(memory)))
            ledgers = [
                ledger_from_json(json.loads(json.dumps(ledger_to_json(ledger, 0.0))), 0.0)
                for ledger in ledgers
            ]
        last = picture
        view = eye.look(picture)
        for index, (zone, rule) in enumerate(rules):
            ledgers[index], turns = judge(rule, zone.polygon, ledgers[index], view, new_id)
            for turn in turns:
                case = turn.case
                if turn.change is Change.OPENED:
                    told[case.id] = Told(zone.id, rule.id, case.label, case.box or WHOLE, turn.at)
                elif turn.change is Change.CLEARED:
                    told[case.id] = replace(told[case.id], cleared=turn.at)
    return tuple(told.values())
