"""The part of `gridwatch simulate` that needs no cameras: a day of readings written to files."""

from __future__ import annotations

import argparse
import logging
from datetime import UTC, datetime
from pathlib import Path

from devices.site.load import load_site
from simulators.errors import SimulatorsError
from simulators.sensors.day import READINGS, TRUTH, plan, write

log = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options besides the street's own (`--site`, `--seed`)."""
    group = parser.add_argument_group("sensors alone")
    group.add_argument(
        "--write",
        type=Path,
        metavar="DIR",
        help=f"write a time of readings there and end: {READINGS}, and {TRUTH} with what must come of them",
    )
    group.add_argument("--hours", type=float, default=24.0, help="how much to write (%(default)g)")
    group.add_argument(
        "--begin",
        type=_moment,
        default="2026-06-15T00:00:00+08:00",
        metavar="TIME",
        help="when it begins, with its zone (%(default)s)",
    )


def asked(options: argparse.Namespace) -> bool:
    """Whether only sensors are wanted."""
    return options.write is not None


def run(options: argparse.Namespace) -> None:
    """Do it.

    Raises:
        DevicesError: the site cannot be used.
        SimulatorsError: too little time, or the files cannot be written.

    """
    if options.hours < 1:
        raise SimulatorsError("--hours: one at least, or nothing can happen and be over")
    day = plan(load_site(options.site), options.seed, options.begin.timestamp(), options.hours * 3600)
    try:
        count = write(day, options.write)
    except OSError as error:
        raise SimulatorsError(f"--write {options.write}: {error.strerror}") from error
    raising = sum(truth.opens is not None for truth in day.truths)
    log.info("%d readings, %d conditions to come, %d near misses", count, raising, len(day.truths) - raising)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-06-15T00:00:00+08:00") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
