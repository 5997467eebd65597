"""A contact sheet of a scene: pictures over time with the truth drawn in, to be looked at by people.

python -m simulators.scenes.labelled.sheet 3 17 50004 --to DIR
"""

from __future__ import annotations

import cv2
import numpy as np

from simulators.scenes.footage import Image
from simulators.scenes.labelled.model import LabelledScene, ScenePicture

_CELL = 480
_ZONE, _WAITS, _DUE = (200, 160, 40), (0, 200, 255), (0, 0, 255)


def contact_sheet(scene: LabelledScene, pictures: int = 12, columns: int = 3) -> Image:
    """Pictures over the whole scene, and at each arrival, alarm and clear; BGR.

    Yellow: it stands, its dwell is not over; red: it must be reported; blue: the zone.
    """
    taken = list(scene.pictures())
    wanted = {0, len(taken) - 1}
    moments = [t for issue in scene.issues for t in (issue.since, issue.due, issue.gone) if t is not None]
    for moment in moments[: pictures - 2]:
        wanted.add(min(range(len(taken)), key=lambda i: abs(taken[i].stream_time - moment - scene.every)))
    for step in np.linspace(0, len(taken) - 1, pictures):
        if len(wanted) < pictures:
            wanted.add(round(float(step)))
    cells = [_cell(scene, taken[index]) for index in sorted(wanted)]
    while len(cells) % columns:
        cells.append(np.zeros_like(cells[0]))
    rows = [np.hstack(cells[at : at + columns]) for at in range(0, len(cells), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _cell(scene: LabelledScene, picture: ScenePicture) -> Image:
    out = picture.colour(_CELL).copy()
    size = np.array((out.shape[1], out.shape[0]))
    t = picture.stream_time
    for zone in scene.zones:
        corners = np.round(np.array(zone.polygon) * size).astype(np.int32)
        cv2.polylines(out, [corners], True, _ZONE, 1, cv2.LINE_AA)
    for issue in scene.issues:
        if issue.since <= t and (issue.gone is None or t < issue.gone):
            x0, y0, x1, y1 = (round(v * int(size[i % 2])) for i, v in enumerate(issue.box))
            cv2.rectangle(out, (x0, y0), (x1, y1), _DUE if t >= issue.due else _WAITS, 1)
    text = f"{scene.seed} {scene.condition} {t:.0f} s"
    cv2.rectangle(out, (0, 0), (10 * len(text), 20), (0, 0, 0), -1)
    cv2.putText(out, text, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return out
