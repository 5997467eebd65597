"""`gridwatch replay`: the edge's seeing and judging on a recorded clip, at full speed.

Everything is the code that runs on a live stream; the clip's own timestamps are the clock.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import yaml
from pydantic import TypeAdapter, ValidationError

from devices.errors import DevicesError
from devices.ids import uuid7
from devices.messages import explain
from devices.site.model import Names, Zone
from devices.site.rules import CameraRule, ClosedRule, LeftRule
from devices.stream import read_file
from edge.errors import EdgeError
from edge.judge.case import Turn
from edge.judge.lookout import Lookout
from edge.judge.panel import blank, judge_all
from edge.judge.watch import request_for
from edge.see.detector import DEFAULT, Detector, detector_from
from edge.see.view import Picture

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
DWELL = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of one condition, as replay prints it."""

    turn: Turn
    zone: Zone
    rule: str
    event_class: str | None

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        case = self.turn.case
        return {
            "event": str(self.turn.change),
            "t": round(self.turn.at, 3),
            "since": round(case.since, 3),
            "at_least": case.at_least,
            "id": str(case.id),
            "class": case.label,
            "event_class": self.event_class,
            "score": round(case.score, 3),
            "box": None if case.box is None else [round(part, 4) for part in case.box],
            "zone": self.zone.id,
            "rule": self.rule,
            "count": case.count,
            "count_error": case.count_error,
            "suspected": case.suspected,
        }

    def as_text(self) -> str:
        """One line for people."""
        case = self.turn.case
        box = "" if case.box is None else " at " + " ".join(f"{part:.3f}" for part in case.box)
        since = f"{'at least ' if case.at_least else ''}since {case.since:.1f} s"
        what = f"{case.label}{' (suspected)' if case.suspected else ''}"
        return f"{self.turn.at:8.1f} s  {self.turn.change:8}  {what:12} {case.score:.2f}  {since}{box}"


def replay(
    pictures: Iterator[Picture],
    zones: Sequence[Zone],
    detector: Detector,
    new_id: Callable[[], UUID] = uuid7,
) -> Iterator[Line]:
    """Every turn of every condition that the rules of `zones` see in `pictures`, as it is decided."""
    lookout = Lookout(zones, detector, new_id)
    ledgers = blank(lookout.posts)
    for picture in pictures:
        sighting = lookout.look(picture, ledgers)
        ledgers, turns = judge_all(lookout.posts, ledgers, sighting, new_id)
        yield from (Line(one, post.zone, post.rule.id, post.rule.event_class or None) for post, one in turns)


def whole_picture(dwell: float) -> tuple[Zone, ...]:
    """The zones when none are given: the whole picture, where anything that stays counts."""
    rule = LeftRule(kind="left", id="stays", event_class="", dwell=dwell)
    return (Zone(id="picture", name=Names(zh="全画面", en="picture"), polygon=WHOLE, rules=(rule,)),)


def load_zones(path: Path, dwell: float | None) -> tuple[Zone, ...]:
    """Zones from a YAML or JSON file: a list of zones as in the site file, or `zones:` above it.

    Raises:
        EdgeError: the file cannot be read, or is no list of zones; the text names the place.

    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EdgeError(f"{path}: cannot be read as YAML: {error}") from error
    if isinstance(raw, dict) and "zones" in raw:
        raw = raw["zones"]
    try:
        zones = TypeAdapter(tuple[Zone, ...]).validate_python(raw)
    except ValidationError as error:
        raise EdgeError(f"{path}: {explain(error, 'zones')}") from error
    if not any(zone.rules for zone in zones):
        raise EdgeError(f"{path}: zones: none of them has a rule; add one under `rules:`")
    if dwell is None:
        return zones
    return tuple(
        zone.model_copy(update={"rules": tuple(_with_dwell(rule, dwell) for rule in zone.rules)})
        for zone in zones
    )


def _with_dwell(rule: CameraRule, dwell: float) -> CameraRule:
    """A rule that asks for no dwell stays as it is."""
    return rule if isinstance(rule, ClosedRule) else rule.model_copy(update={"dwell": dwell})


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("clip", type=Path, metavar="CLIP", help="a recorded clip, any container FFmpeg reads")
    parser.add_argument(
        "--zones",
        type=Path,
        metavar="FILE",
        help="zones with rules, YAML or JSON as in the site file; "
        "without it the whole picture is one zone where anything that stays counts",
    )
    parser.add_argument(
        "--dwell",
        type=_seconds,
        metavar="SECONDS",
        help=f"how long something must stay ({DWELL:.0f}); with --zones, instead of what the file says",
    )
    parser.add_argument(
        "--model",
        default=DEFAULT,
        metavar="NAME|FILE.yaml",
        help=f"the detector: a name of `gridwatch models list`, or a description ({DEFAULT})",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return value


def run(options: argparse.Namespace) -> int:
    """Print each condition's life; 0 unless something could not be read (1)."""
    try:
        zones = (
            load_zones(options.zones, options.dwell)
            if options.zones
            else whole_picture(options.dwell or DWELL)
        )
        detector = detector_from(options.model)
        request = request_for([rule for zone in zones for rule in zone.rules])
        for line in replay(read_file(options.clip, request), zones, detector):
            print(
                json.dumps(line.as_json(), ensure_ascii=False) if options.json else line.as_text(), flush=True
            )
    except (DevicesError, EdgeError) as error:
        print(f"gridwatch replay: {error}", file=sys.stderr)
        return 1
    return 0
