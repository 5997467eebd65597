"""The shipped site cut down for tests that need few devices, on free ports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.site.edit import dump_site, with_ports
from devices.site.load import load_site
from devices.site.model import Site
from simulators.install import Ports
from tests.e2e.demo_process import SITE


def cut(points: int, ports: Ports, cameras: Mapping[str, Mapping[str, Any]] | None = None) -> Site:
    """The first points with their nodes; `cameras`: fields that some cameras have otherwise."""
    site = load_site(SITE)
    kept = site.points[:points]
    nodes = {point.node for point in kept}
    changed = {} if cameras is None else cameras
    site = site.model_copy(
        update={"points": kept, "nodes": tuple(node for node in site.nodes if node.id in nodes)}
    )
    site = with_ports(site, broker=ports.broker, cloud=ports.cloud, rtsp=ports.rtsp, onvif=ports.onvif)
    moved = tuple(
        point.model_copy(
            update={
                "cameras": tuple(
                    camera.model_copy(update=changed.get(camera.id, {})) for camera in point.cameras
                )
            }
        )
        for point in site.points
    )
    return site.model_copy(update={"points": moved})


def without_cameras(site: Site, *names: str) -> Site:
    """The same street, in which those cameras do not stand."""
    points = tuple(
        point.model_copy(
            update={"cameras": tuple(camera for camera in point.cameras if camera.id not in names)}
        )
        for point in site.points
    )
    return site.model_copy(update={"points": points})


def written(site: Site, path: Path) -> Path:
    """Its site file."""
    path.write_text(dump_site(site), encoding="utf-8")
    return path
