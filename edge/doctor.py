"""`gridwatch doctor`: is a node's store sound, and what waits in it? Works while the node runs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.errors import StoreError
from edge.keep.audit import Refused, audit, read_refused
from edge.keep.figures import Figures, SeriesFigures, read_figures
from edge.keep.opening import DAMAGED, explaining, open_reading
from edge.keep.schema import NODE, TELEMETRY

COUNTS = ("numbered", "sent", "accepted", "refused", "evicted", "waiting", "missing")
"""Of each series, under the names that the cloud's ledger gives them."""
SAMPLES = 5
"""Refused messages that are shown."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one state directory."""

    directory: Path
    faults: tuple[str, ...]
    """Empty: the store is sound."""
    figures: Figures | None
    refused: tuple[Refused, ...]
    """The latest few."""
    set_aside: tuple[Path, ...]
    """Damaged stores of earlier days."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="the node's state directory")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the report; 0: sound, 1: not, or it cannot be read."""
    now = datetime.now(UTC)
    try:
        report = examine(options.state)
    except StoreError as error:
        print(f"gridwatch doctor: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_json(report, now), ensure_ascii=False))
    else:
        print("\n".join(as_text(report, now)))
    return 1 if report.faults else 0


def examine(directory: Path) -> Report:
    """Read everything, change nothing.

    Raises:
        StoreError: there is no store, or its databases cannot be opened at all.
    """
    set_aside = tuple(sorted((directory / DAMAGED).glob("*")))
    faults: list[str] = []
    refused: list[Refused] = []
    figures = None
    with open_reading(directory, NODE) as node, open_reading(directory, TELEMETRY) as telemetry:
        readable = []
        for shape, connection in ((NODE, node), (TELEMETRY, telemetry)):
            faults += audit(connection, shape, directory)
            try:
                with explaining():
                    connection.execute("BEGIN")
                    refused += read_refused(connection, SAMPLES)
                readable.append(connection)
            except StoreError as error:
                faults.append(f"{shape.file}: {error}")
        if node in readable:
            try:
                with explaining():
                    figures = read_figures(directory, readable)
            except StoreError as error:
                faults.append(str(error))
    refused.sort(key=lambda one: one.refused_at, reverse=True)
    return Report(directory, tuple(faults), figures, tuple(refused[:SAMPLES]), set_aside)


def as_text(report: Report, now: datetime) -> list[str]:
    """The report in lines."""
    lines = [f"{report.directory}: {'NOT SOUND' if report.faults else 'sound'}"]
    lines += [f"  fault: {fault}" for fault in report.faults]
    lines += [f"  a damaged store was set aside in {path}" for path in report.set_aside]
    figures = report.figures
    if figures is None:
        return lines
    lines.append(f"  node {figures.node}, epoch {figures.epoch}")
    lines.append(f"  database {_size(figures.database_bytes)}, photos {_size(figures.evidence_bytes)}")
    lines.append(f"  {'series':<10}" + "".join(f"{name:>10}" for name in COUNTS) + "  oldest waits")
    for name, part in figures.series.items():
        age = _age(part.oldest_age_s(now)) if part.oldest else "-"
        lines.append(
            f"  {name:<10}" + "".join(f"{count:>10}" for count in _counts(part).values()) + f"  {age}"
        )
    if figures.unnumbered:
        lines.append(f"  {figures.unnumbered} readings wait for their batch")
    lines += [
        f"  refused at {one.refused_at[:19]}Z: {one.series} {one.seq}, {one.code}: {one.reason}"
        for one in report.refused
    ]
    return lines


def as_json(report: Report, now: datetime) -> dict[str, Any]:
    """The report as one object."""
    figures = report.figures
    return {
        "state": str(report.directory),
        "sound": not report.faults,
        "faults": list(report.faults),
        "set_aside": [str(path) for path in report.set_aside],
        "node": figures.node if figures else None,
        "epoch": str(figures.epoch) if figures else None,
        "unnumbered_readings": figures.unnumbered if figures else None,
        "database_bytes": figures.database_bytes if figures else None,
        "evidence_bytes": figures.evidence_bytes if figures else None,
        "series": {
            str(name): {
                "epoch": str(part.epoch),
                **_counts(part),
                "oldest_age_s": part.oldest_age_s(now),
            }
            for name, part in (figures.series.items() if figures else ())
        },
        "refused": [
            {
                "series": one.series,
                "seq": one.seq,
                "refused_at": one.refused_at,
                "code": one.code,
                "reason": one.reason,
            }
            for one in report.refused
        ],
    }


def _counts(part: SeriesFigures) -> dict[str, int]:
    return dict(
        zip(
            COUNTS,
            (
                part.numbered,
                part.sent,
                part.accepted,
                part.refused,
                part.evicted,
                part.queued,
                part.missing,
            ),
            strict=True,
        )
    )


def _size(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
