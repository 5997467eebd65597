"""What a site's MQTT broker must know: who may publish and read what, and their hashed passwords.

Each sensor and each node is a user of its own, called by its id; so is what publishes for many. Text in
mosquitto's formats (mosquitto.conf(5), `acl_file` and `password_file`); nothing here is secret but what a
caller puts in.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path

from devices.errors import CredentialsError, SiteError
from devices.sensors.decoders.base import Post
from devices.sensors.decoders.registry import DECODERS
from devices.site.model import Point, Sensor, Site

CHANNELS = ("tele", "event", "state", "birth")
"""What a sensor publishes under its topic; a test holds them to `devices.sensors.topics.Channel`."""
BRIDGES = ("chirpstack", "things-stack", "zigbee2mqtt", "sparkplug", "home-assistant")
"""Decoders of what a server or a gateway publishes for all of its devices."""
_ITERATIONS = 1000
"""Of the password file. mosquitto itself takes 101; 1000 cost about half a millisecond a connection."""
_PROBE = "grid/v1/_node/{node}/probe"
"""Where a node proves to itself that the broker takes and hands out."""
_USER = re.compile(r"[A-Za-z0-9._-]{1,64}")


def users(site: Site) -> list[str]:
    """Who needs a password or a certificate: the nodes with sensors, then who publishes.

    That is each sensor; but what one program publishes for many devices (`BRIDGES`) comes from one user,
    called as its decoder is.

    Raises:
        SiteError: an id that no user name of a broker can be.
    """
    nodes = [node.id for node in site.nodes if any(_heard(site.points_of(node.id)))]
    found = [*nodes, *dict.fromkeys(_publisher(sensor) for _, sensor in _heard(site.points))]
    for name in found:
        if _USER.fullmatch(name) is None:
            raise SiteError(f"{name}: cannot be a broker's user; use letters, digits and . _ - in its id")
    return found


def _heard(points: Iterable[Point]) -> Iterator[tuple[Point, Sensor]]:
    """Every sensor that speaks to the broker, and where it stands."""
    for point in points:
        yield from ((point, sensor) for sensor in point.sensors if sensor.station is None)


def _publisher(sensor: Sensor) -> str:
    return sensor.decoder if sensor.decoder in BRIDGES else sensor.id


def _topics(point: Point, sensor: Sensor) -> tuple[str, ...]:
    """Where it publishes."""
    if sensor.topic is not None:
        return (sensor.topic,)
    if sensor.decoder == "gridwatch":
        return tuple(f"grid/v1/{point.id}/{sensor.id}/{channel}" for channel in CHANNELS)
    return DECODERS[sensor.decoder](UTC).topics(Post(point.id, sensor.id, sensor.device or sensor.id))


def _asked(point: Point, sensor: Sensor) -> tuple[str, ...]:
    """Where a node asks it for its birth (Sparkplug 3.0, 6.4.21)."""
    if sensor.decoder != "sparkplug":
        return ()
    group, edge_node = (sensor.device or sensor.id).split("/")[:2]
    return (f"spBv1.0/{group}/NCMD/{edge_node}",)


def probe_topic(node: str) -> str:
    """Where `node` writes and reads its own probe, and nobody else does either."""
    return _PROBE.format(node=node)


def acl(site: Site) -> str:
    """The broker's access list: a sensor writes its own topic, a node reads those of its points.

    Raises:
        SiteError: an id that no user name of a broker can be.
    """
    users(site)
    return "\n".join(_lines(site)) + "\n"


def _lines(site: Site) -> Iterator[str]:
    name = " ".join(site.name.en.split())  # a line end in it would begin a line of ours
    yield f"# {name}, version {site.version}; by `gridwatch broker acl`. Who is not named may do nothing."
    for node in site.nodes:
        heard = list(_heard(site.points_of(node.id)))
        if heard:
            yield f"\nuser {node.id}"
            yield f"topic readwrite {probe_topic(node.id)}"
        own = dict.fromkeys(point.id for point, sensor in heard if sensor.decoder == "gridwatch")
        yield from (f"topic read grid/v1/{point}/+/{channel}" for point in own for channel in CHANNELS)
        others = [pair for pair in heard if pair[1].decoder != "gridwatch"]
        yield from _each("read", (topic for pair in others for topic in _topics(*pair)))
        yield from _each("write", (topic for pair in others for topic in _asked(*pair)))
    publishing: defaultdict[str, list[tuple[Point, Sensor]]] = defaultdict(list)
    for point, sensor in _heard(site.points):
        publishing[_publisher(sensor)].append((point, sensor))
    for user, pairs in publishing.items():
        yield f"\nuser {user}"
        yield from _each("write", (topic for pair in pairs for topic in _topics(*pair)))
        yield from _each("read", (topic for pair in pairs for topic in _asked(*pair)))


def _each(may: str, topics: Iterable[str]) -> Iterator[str]:
    yield from (f"topic {may} {topic}" for topic in dict.fromkeys(topics))


def passwords(file: Path, names: Sequence[str]) -> Mapping[str, str]:
    """The plain passwords in `file` (lines `user password`), which only its owner may read.

    Users who are missing there get random ones of 128 bits, written to it, to be given to the devices.

    Raises:
        CredentialsError: it cannot be read or written, others may read it, or a line is not `user password`.
    """
    found: dict[str, str] = {}
    try:
        if file.exists():
            if file.stat().st_mode & 0o077:
                raise CredentialsError(f"{file}: others may read it; run chmod 600 {file}")
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                words = line.split()
                if words and not words[0].startswith("#"):
                    if len(words) != 2 or words[0] in found:
                        raise CredentialsError(f"{file}:{number}: write `user password`, each user once")
                    found[words[0]] = words[1]
        fresh = {name: secrets.token_urlsafe(16) for name in names if name not in found}
        if fresh:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as out:
                out.writelines(f"{name} {password}\n" for name, password in fresh.items())
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsError(f"{file}: cannot be used ({type(error).__name__})") from None
    return {name: (found | fresh)[name] for name in names}


def hashed(password: str) -> str:
    """A line's second half in mosquitto's password file: PBKDF2 with SHA-512 (type 7 of mosquitto 2)."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def password_file(plain: Mapping[str, str]) -> str:
    """The text of mosquitto's password file."""
    return "".join(f"{name}:{hashed(password)}\n" for name, password in plain.items())
