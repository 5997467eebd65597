"""The part of `gridwatch simulate` that needs no cameras: load on a broker, a day of readings in files."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from devices.credentials import Credentials
from devices.site.edit import dump_site
from devices.site.load import load_site
from devices.site.model import Site
from simulators.errors import SimulatorsError
from simulators.sensors.day import READINGS, SITE, TRUTH, plan, write
from simulators.sensors.fleet import SensorFleet
from simulators.sensors.load import LoadFleet
from simulators.sensors.town import make_site

log = logging.getLogger(__name__)

TOLD_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Options besides the street's own (`--site`, `--seed`)."""
    group = parser.add_argument_group("sensors alone, without cameras")
    group.add_argument(
        "--points",
        type=int,
        metavar="N",
        help="of a site made for it, with all kinds and all formats in turns, instead of `--site`",
    )
    group.add_argument("--rate", type=float, metavar="R", help="readings a second of all sensors together")
    group.add_argument(
        "--connections",
        type=int,
        metavar="N",
        help="that all sensors share, without last wills; one for each sensor unless given",
    )
    group.add_argument("--seconds", type=float, help="then end; without it, when told to")
    group.add_argument(
        "--write",
        type=Path,
        metavar="DIR",
        help=f"write a time of readings there and end: {READINGS}, {TRUTH} with what must come of them, "
        f"and with --points the site as {SITE}",
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
    return any(one is not None for one in (options.write, options.points, options.rate))


def run(options: argparse.Namespace, env: Mapping[str, str] = os.environ) -> None:
    """Do it.

    Raises:
        DevicesError: the site cannot be used, or a secret is missing.
        SimulatorsError: numbers that make no sense, or the files cannot be written.

    """
    site = load_site(options.site) if options.points is None else make_site(options.points)
    if options.write is not None:
        _write(site, options)
    else:
        _publish(site, options, env)


def _write(site: Site, options: argparse.Namespace) -> None:
    if options.hours < 1:
        raise SimulatorsError("--hours: one at least, or nothing can happen and be over")
    day = plan(site, options.seed, options.begin.timestamp(), options.hours * 3600)
    try:
        count = write(day, options.write)
        if options.points is not None:
            (options.write / SITE).write_text(dump_site(site), encoding="utf-8")
    except OSError as error:
        raise SimulatorsError(f"--write {options.write}: {error.strerror}") from error
    raising = sum(truth.opens is not None for truth in day.truths)
    log.info("%d readings, %d conditions to come, %d near misses", count, raising, len(day.truths) - raising)


def _publish(site: Site, options: argparse.Namespace, env: Mapping[str, str]) -> None:
    if (options.rate is not None and options.rate <= 0) or (options.connections or 1) < 1:
        raise SimulatorsError("--rate, --connections: more than 0")
    name = site.broker.credentials
    credentials = None if name is None else Credentials.from_environment(name, env)
    many = {"connections": options.connections, "seed": options.seed}
    fleet = (
        SensorFleet(site.points, site.broker, credentials, **many)
        if options.rate is None
        else LoadFleet(site, credentials, options.rate, **many)
    )
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    log.info("%d sensors publish to %s:%d", fleet.sensors, site.broker.host, site.broker.port)
    fleet.start()
    left = float("inf") if options.seconds is None else options.seconds
    while left > 0 and not stopping.wait(min(TOLD_S, left)):
        left -= TOLD_S
        _tell(fleet)
    fleet.stop()
    _tell(fleet)


def _tell(fleet: SensorFleet) -> None:
    if not isinstance(fleet, LoadFleet):
        log.info("%d messages, %d confirmed", fleet.published, fleet.acknowledged)
        return
    sent = fleet.sent
    log.info(
        "%d readings in %d messages, %d confirmed; %.0f readings/s, %.1f µs of CPU a reading",
        sent.readings,
        sent.messages,
        sent.confirmed,
        sent.readings / max(sent.seconds, 1e-9),
        1e6 * sent.cpu / max(sent.readings, 1),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-06-15T00:00:00+08:00") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
