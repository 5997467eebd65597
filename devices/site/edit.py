"""A site changed and written back."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

from devices.site.durations import seconds, written
from devices.site.model import Camera, Site

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_DURATIONS = {"dwell", "gap", "hold", "clear_after", "clear_hold", "period", "enter", "leave"}
_DURATIONS |= {"frozen_after", "stalled_after", "new_view_after", "within", "begun_within"}


def with_ports(site: Site, *, broker: int, cloud: int, rtsp: int, onvif: int) -> Site:
    """A copy whose loopback ports are moved, so that a second street runs on the same machine.

    Camera number i (from 0, in the file's order) gets port `onvif + i`. What is not on loopback stays.
    """

    def moved(camera: Camera, number: int) -> Camera:
        return camera.model_copy(
            update={
                "port": onvif + number if camera.host in _LOOPBACK else camera.port,
                "stream_uri": camera.stream_uri and _with_port(camera.stream_uri, rtsp),
            }
        )

    points, number = [], 0
    for point in site.points:
        cameras = tuple(moved(camera, number + at) for at, camera in enumerate(point.cameras))
        number += len(cameras)
        points.append(point.model_copy(update={"cameras": cameras}))
    broker_port = broker if site.broker.host in _LOOPBACK else site.broker.port
    return site.model_copy(
        update={
            "points": tuple(points),
            "broker": site.broker.model_copy(update={"port": broker_port}),
            "uplink": site.uplink.model_copy(update={"url": _with_port(site.uplink.url, cloud)}),
        }
    )


def dump_site(site: Site, **files: str) -> str:
    """`site` as the text of a site file that `load_site` reads back equal.

    `files` names parts kept in files of their own: `dump_site(site, areas="areas.geojson")`.
    """
    tree = site.model_dump(mode="json", exclude_unset=True)
    tree = _readable(tree) | files
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def site_digest(site: Site) -> str:
    """SHA-256 of what a site says, hex: the same for a file and its copy, whatever is left to defaults."""
    return hashlib.sha256(site.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def _with_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{port}"))


def _readable(value: Any, name: str = "") -> Any:
    """Durations as people write them, where that loses nothing."""
    if isinstance(value, dict):
        return {key: _readable(child, key) for key, child in value.items()}
    if isinstance(value, list):
        return [_readable(child) for child in value]
    if name in _DURATIONS and isinstance(value, float) and seconds(written(value)) == value:
        return written(value)
    return value


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Short groups and lists of numbers on one line, everything else one field a line."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _list(dumper: Any, value: list[Any]) -> yaml.Node:
    flat = not any(isinstance(child, dict) for child in value)
    node: yaml.Node = dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)
    return node


def _group(dumper: Any, value: dict[str, Any]) -> yaml.Node:
    flat = len(value) <= 2 and not any(isinstance(child, dict | list) for child in value.values())
    node: yaml.Node = dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=flat)
    return node


_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _group)
