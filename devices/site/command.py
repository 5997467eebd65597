"""`gridwatch check`: say what is wrong with a site file, or what was understood."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from devices.site.load import Report, inspect_site
from devices.site.model import Site
from devices.site.schema import schema_text
from devices.site.sentence import sentence
from devices.site.usual import usual_rules


def configure(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("site", nargs="?", type=Path, metavar="SITE", help="the site file (YAML)")
    what.add_argument("--schema", action="store_true", help="print the file's JSON Schema, for editors")
    parser.add_argument("--json", action="store_true", help="answer in JSON, for machines")


def run(options: Namespace) -> int:
    """Check one file; 0 when it can be used, 1 when it cannot."""
    if options.schema:
        sys.stdout.write(schema_text())
        return 0
    report = inspect_site(options.site)
    try:
        _print(report, as_json=options.json)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough; what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if report.site is None else 0


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_answer(report), ensure_ascii=False, indent=2))
        return
    for fault in report.errors:
        print(fault, file=sys.stderr)
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if report.site is not None:
        print("\n".join(_lines(report.site)))


def counts(site: Site) -> dict[str, int]:
    """How many of each part the site has."""
    cameras = [camera for point in site.points for camera in point.cameras]
    sensors = [sensor for point in site.points for sensor in point.sensors]
    zones = [zone for camera in cameras for zone in camera.zones]
    return {
        "communities": sum(area.level == "community" for area in site.areas),
        "grids": sum(area.level == "grid" for area in site.areas),
        "nodes": len(site.nodes),
        "points": len(site.points),
        "cameras": len(cameras),
        "zones": len(zones),
        "sensors": len(sensors),
        "rules": sum(len(zone.rules) for zone in zones) + sum(len(sensor.rules) for sensor in sensors),
        "event_classes": len(site.event_classes),
    }


def _answer(report: Report) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "ok": report.site is not None,
        "errors": [asdict(fault) for fault in report.errors],
        "warnings": [asdict(fault) for fault in report.warnings],
    }
    if report.site is not None:
        answer |= {"name": report.site.name.model_dump(), "version": report.site.version}
        answer["counts"] = counts(report.site)
        answer["points_of_node"] = {
            node.id: [point.id for point in report.site.points_of(node.id)] for node in report.site.nodes
        }
    return answer


def _lines(site: Site) -> Iterator[str]:
    yield f"{site.name.zh} {site.name.en}, version {site.version}, {site.timezone}"
    yield ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts(site).items())
    broker = f"{site.broker.host}:{site.broker.port}{' (TLS)' if site.broker.tls else ''}"
    yield f"broker {broker}, cloud {site.uplink.url}"
    for node in site.nodes:
        points = list(site.points_of(node.id))
        cameras = sum(len(point.cameras) for point in points)
        sensors = sum(len(point.sensors) for point in points)
        yield f"node {node.id} {node.name.en}: {len(points)} points, {cameras} cameras, {sensors} sensors"
    classes = {kind.code: kind.name.en for kind in site.event_classes}
    for point in site.points:
        yield f"{point.id} {point.name.en} (grid {point.grid}, node {point.node})"
        for camera in point.cameras:
            for zone in camera.zones:
                for parked in zone.rules:
                    yield f"  {zone.id}: {sentence(parked, classes)}"
        for sensor in point.sensors:
            for threshold in sensor.rules or usual_rules(sensor.kind, frozenset(classes)):
                yield f"  {sensor.id} {sensor.kind}: {sentence(threshold, classes)}"
