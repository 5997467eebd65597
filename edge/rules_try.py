"""`gridwatch rules try`: what a recorded time of readings would have raised by a site's rules."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from devices.errors import DevicesError
from devices.messages import Condition, Reading, explain
from devices.sensors.quantities import QUANTITIES
from devices.site.explain import nearest
from devices.site.load import load_site
from devices.site.model import Site
from devices.site.sensor_rules import HEALTH
from edge.errors import EdgeError
from edge.trial import Raised, Trial, raised

GZIP = b"\x1f\x8b"


def read(path: Path, site: Site) -> Iterator[Reading | Condition]:
    """What a file holds, a JSON object a line, gzipped or not: readings, messages of readings, conditions.

    Of a reading `sensor`, `quantity`, `value` and `taken_at` are enough.

    Raises:
        EdgeError: it cannot be read; the text names the line.
    """
    points = {sensor.id: point.id for point in site.points for sensor in point.sensors}
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                try:
                    yield from _read(line, number, points)
                except (ValueError, TypeError) as error:
                    what = explain(error) if isinstance(error, ValidationError) else str(error)
                    raise EdgeError(f"{path}:{number}: {what}") from error
    except (OSError, EOFError) as error:
        raise EdgeError(f"{path}: cannot be read: {error}") from error


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(len(GZIP)) == GZIP
    return cast("IO[bytes]", gzip.open(path)) if zipped else path.open("rb")


def _read(line: bytes, number: int, points: dict[str, str]) -> Iterator[Reading | Condition]:
    try:
        yield Reading.model_validate_json(line)
        return
    except ValidationError:
        raw = json.loads(line)
    if not isinstance(raw, dict):
        raise ValueError("is no JSON object")
    body = raw.get("data", raw)
    if "readings" in body:
        yield from map(Reading.model_validate, body["readings"])
    elif "condition_id" in body:
        yield Condition.model_validate(body)
    else:
        yield Reading.model_validate(_filled(body, number, points))


def _filled(raw: dict[str, Any], number: int, points: dict[str, str]) -> dict[str, Any]:
    """With what can be known without being said."""
    known = QUANTITIES.get(str(raw.get("quantity")))
    usual = {
        "point": points.get(str(raw.get("sensor")), "unknown"),
        "unit": "1" if known is None else known.unit,
        "received_at": raw.get("taken_at"),
        "boot": "recorded",
        "seq": number,
    }
    return usual | raw


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    words = parser.add_subparsers(dest="rules_word", required=True, metavar="try")
    trying = words.add_parser("try", help="say what a recorded time of readings would have raised")
    trying.add_argument("site", type=Path, metavar="SITE", help="the site file with the rules")
    trying.add_argument(
        "--readings",
        type=Path,
        required=True,
        metavar="FILE",
        help="a JSON object a line: readings as the node sends them, with conditions of cameras if there are "
        "any; .gz, too",
    )
    trying.add_argument("--rule", metavar="ID", help="show this rule or join only")
    trying.add_argument("--point", metavar="ID", help="show this point only")
    trying.add_argument("--json", action="store_true", help="one JSON object a condition")


def run(options: argparse.Namespace) -> int:
    """Print what would have been raised; 0 unless something could not be read (1)."""
    try:
        site = load_site(options.site)
        trial = Trial(site)
        if not str(options.rule).startswith(HEALTH):
            _known("--rule", options.rule, trial.rules)
        _known("--point", options.point, {point.id for point in site.points})
        began, spent = time.perf_counter(), time.process_time()
        for one in read(options.readings, site):
            trial.hear(one)
        took, cpu = time.perf_counter() - began, time.process_time() - spent
    except (DevicesError, EdgeError) as error:
        print(f"gridwatch rules try: {error}", file=sys.stderr)
        return 1
    shown = [
        one
        for one in raised(trial.told)
        if options.rule in (None, one.first.rule) and options.point in (None, one.first.point)
    ]
    zone = ZoneInfo(site.timezone)
    for line in _table(shown, zone) if not options.json else map(_as_json, shown):
        print(line)
    print(_summary(trial, len(shown), took, cpu), file=sys.stderr)
    return 0


def _known(option: str, name: str | None, known: set[str]) -> None:
    if name is not None and name not in known:
        close = nearest(name, known)
        hint = f"did you mean {close!r}?" if close else "see `gridwatch check` for what it has"
        raise EdgeError(f"{option}: the site has no {name!r}; {hint}")


def _as_json(one: Raised) -> str:
    body = one.last.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    cleared = None if one.cleared is None else one.cleared.isoformat()
    return json.dumps(
        {**body, "opened": one.first.changed_at.isoformat(), "cleared": cleared}, ensure_ascii=False
    )


def _table(shown: list[Raised], zone: ZoneInfo) -> Iterator[str]:
    rows = [("opened", "cleared", "point", "device", "rule", "class", "severity", "what")]
    rows += [
        (
            _local(one.first.changed_at, zone),
            "open" if one.cleared is None else _local(one.cleared, zone),
            one.first.point,
            one.first.device,
            one.first.rule,
            one.first.event_class,
            one.last.severity,
            _what(one.first),
        )
        for one in shown
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _what(condition: Condition) -> str:
    if condition.parts:
        return " + ".join(f"{part.device} {part.rule}" for part in condition.parts)
    if condition.measured is None:
        return condition.label
    measured = condition.measured
    value = f"{measured.value:g} {measured.unit}".removesuffix(" 1")
    return f"{measured.quantity} {value} (limit {measured.limit:g})"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M:%S}"


def _summary(trial: Trial, shown: int, took: float, cpu: float) -> str:
    count = trial.readings
    million = cpu / max(count, 1) * 1e6
    text = f"{count:,} readings in {took:.1f} s ({million:.1f} s of CPU a million): {shown} conditions"
    if missing := trial.sensors - len(trial.heard):
        text += f"; of {missing:,} sensors there is nothing"
    if trial.repeated:
        text += f"; {trial.repeated:,} came twice and counted once"
    if trial.unknown:
        names = ", ".join(sorted(trial.unknown)[:5])
        text += f"; {trial.unknown.total():,} are of sensors that the site does not have: {names}"
    return text
