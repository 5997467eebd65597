"""What a demonstration finds and leaves in its state directory: ports, site, secrets, and a lock."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml

from devices.site.edit import dump_site, with_ports
from devices.site.load import load_site
from devices.site.model import Site
from simulators.errors import SimulatorsError

HOST = "127.0.0.1"
CLOUD, BROKER, RTSP, ONVIF = 8420, 21883, 20554, 21001
"""Ports of the shipped street."""
SHIFT = 100
"""Ports are tried this much further on where one is taken."""
SHIFTS = 20
"""How many sets of ports are tried."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens; camera i has `onvif + i`."""

    cloud: int
    broker: int
    rtsp: int
    onvif: int

    @property
    def messages(self) -> int:
        """The message window's, beside the wall's."""
        return self.cloud + 1

    def all(self, cameras: int) -> list[int]:
        """Every port."""
        return [self.cloud, self.messages, self.broker, self.rtsp, *range(self.onvif, self.onvif + cameras)]


@dataclass(frozen=True, slots=True)
class Install:
    """One demonstration's own copy of the site, and its secrets."""

    state: Path
    site: Site
    site_file: Path
    ports: Ports
    push: dict[str, Any]
    """The push policy beside the site file; empty where there is none."""
    secrets: dict[str, str]
    lock: IO[str]
    """Held as long as this lives."""

    @property
    def address(self) -> str:
        """Where the wall is."""
        return f"http://{HOST}:{self.ports.cloud}/"


def install(site_file: Path, state: Path, shift: int | None) -> Install:
    """Choose ports, write the site and the secrets.

    Raises:
        SimulatorsError: a demonstration runs there already, or no ports are free.
        SiteError: the site file is wrong.
    """
    site = load_site(site_file)
    lock = _lock(state)
    ports = free_ports(sum(len(point.cameras) for point in site.points), shift)
    site = with_ports(site, broker=ports.broker, cloud=ports.cloud, rtsp=ports.rtsp, onvif=ports.onvif)
    own = state / "site"
    push = copy_policies(site_file, own, f"http://{HOST}:{ports.cloud}")
    (own / "site.yaml").write_text(dump_site(site), encoding="utf-8")
    return Install(state, site, own / "site.yaml", ports, push, _secrets(state / "secrets.json", site), lock)


def free_ports(cameras: int, shift: int | None = None) -> Ports:
    """The street's own ports moved by `shift`; unless told, as far on as all are free.

    Raises:
        SimulatorsError: they are not.
    """
    for by in range(0, SHIFTS * SHIFT, SHIFT) if shift is None else [shift]:
        ports = Ports(CLOUD + by, BROKER + by, RTSP + by, ONVIF + by)
        taken = [port for port in ports.all(cameras) if listens(port)]
        if not taken:
            return ports
    several = (
        f"{len(taken)} ports are taken, {taken[0]} the first" if taken[1:] else f"port {taken[0]} is taken"
    )
    raise SimulatorsError(f"{several}; end what uses it, or move all ports with --shift {by + SHIFT}")


def listens(port: int) -> bool:
    """Whether somebody listens at that port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def copy_policies(site_file: Path, own: Path, page: str) -> dict[str, Any]:
    """Copy what lies beside the site file into the folder `own`, made anew; messages lead to `page`.

    Answers the push policy.
    """
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    for file in sorted([*site_file.parent.glob("*.yaml"), *site_file.parent.glob("*.csv")]):
        shutil.copyfile(file, own / file.name)
    file = own / "push.yaml"
    push: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    if push and "page" not in push:
        with file.open("a", encoding="utf-8") as out:
            out.write(f"\npage: {page}\n")
    return push


def _lock(state: Path) -> IO[str]:
    """Keep a second demonstration off this directory; freed by the end of the process, however it comes."""
    state.mkdir(parents=True, exist_ok=True)
    file = (state / "demo.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise SimulatorsError(f"a demo runs already with --state {state}; end it, or name another") from error
    return file


def _secrets(file: Path, site: Site) -> dict[str, str]:
    """Log-ins of cameras and broker, random for each install, kept for the next start."""
    names = {camera.credentials for point in site.points for camera in point.cameras}
    names.add(site.broker.credentials)
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for name in sorted(one for one in names if one is not None):
        kept.setdefault(f"{name}_USER", name.lower().replace("_", "-"))
        kept.setdefault(f"{name}_PASSWORD", secrets.token_urlsafe(18))
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(kept, out, indent=1)
    part.replace(file)
    return kept
