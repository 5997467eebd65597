"""Which site a node runs: its own file, or the one that the cloud gave it, kept beside its store.

An enrolled node takes its site from the cloud, keeps a copy and starts with that; its own file then counts
no more, unless it was told to insist (`--site-local`). Versions only rise. A file that is edited all the
same, or is faulty, changes nothing and is told in the node's report.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from devices.errors import SiteError
from devices.link import SiteNotice
from devices.site.edit import dump_site, site_digest
from devices.site.load import load_site
from devices.site.model import Site
from edge.errors import EdgeError

log = logging.getLogger(__name__)

COPY, FRESH = "site.yaml", "site.fresh.yaml"
"""In the state directory: the cloud's site, and one that is not in force yet."""
PARTS = {".yaml", ".yml", ".json", ".geojson"}
"""Endings of what a site file may keep beside it."""


EDITED = (
    "the local site file was edited, which changes nothing: this node takes its site from the cloud; "
    "--site-local insists on the file"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A site, and what must be told about it."""

    site: Site
    from_cloud: bool
    problem: str = ""


def choose(own: Site | None, copy: Site | None, *, insist: bool) -> Chosen | None:
    """The site to run out of the node's own file and the cloud's copy; None: there is neither."""
    if copy is not None and not insist:
        return Chosen(copy, True, conflict(own, copy))
    return None if own is None else Chosen(own, False)


def conflict(own: Site | None, cloud: Site) -> str:
    """What is to be told of a local file beside the cloud's site; nothing of one that is only older."""
    if own is None or own.version < cloud.version or site_digest(own) == site_digest(cloud):
        return ""
    return (
        f"the local site file (version {own.version}) is not in force: this node takes its site from the "
        f"cloud (version {cloud.version}); give the cloud a higher version, or start the node with "
        "--site-local"
    )


def beside(notice: SiteNotice, mine: Site, *, insist: bool) -> str:
    """What is to be told of the site that runs here beside the one that the cloud says it has."""
    if notice.digest == site_digest(mine) or (notice.version > mine.version and not insist):
        return ""
    if insist:
        return f"this node insists on its local site (version {mine.version}, the cloud has {notice.version})"
    if notice.version == mine.version:
        return f"the cloud has another site of the same version {mine.version}; raise the version of one"
    return f"this node runs version {mine.version} of its site, the cloud still has {notice.version}"


class SiteKeeper:
    """The files, and which of them is in force. Used by one thread at a time."""

    def __init__(self, file: Path | None, state: Path, *, insist: bool = False) -> None:
        """`file`: the node's own; `insist`: run it whatever the cloud has."""
        self._file, self._state, self.insist = file, state, insist
        self._stamp = self._stamped()
        self._problem, self._beside = "", ""
        self.from_cloud = False
        """The site in force is the cloud's."""
        self.site = self._first()

    @property
    def problem(self) -> str:
        """What people must know of the site in force; empty when all is well."""
        return "; ".join(filter(None, (self._problem, self._beside)))

    def edited(self, *, asked: bool = False) -> Site | None:
        """The node's own file was changed (or somebody `asked` to look): the site to apply, if it may be.

        What is refused is logged once and told by `problem`.
        """
        stamp = self._stamped()
        if self._file is None or (stamp == self._stamp and not asked):
            return None
        self._stamp = stamp
        try:
            own = load_site(self._file)
        except SiteError as error:
            self.refuse(str(error))
            return None
        if site_digest(own) == site_digest(self.site):
            self._tell("")
            return None
        if self.from_cloud and not self.insist:
            self._tell(conflict(own, self.site) or EDITED)
            return None
        if own.version < self.site.version:
            self.refuse(f"version: {own.version} is older than {self.site.version}, versions only rise")
            return None
        return own

    def refuse(self, reason: str) -> None:
        """The node's own file cannot be taken; the site in force stays."""
        faults = reason.splitlines()
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        self._tell(
            f"the new site file is refused, version {self.site.version} stays in force: {faults[0]}{more}"
        )

    def applied(self, site: Site) -> None:
        """The node's own file is in force now."""
        self.site, self.from_cloud = site, False
        self._tell("")

    def read(self, text: str) -> Site:
        """What the cloud sent, read and checked; not in force yet.

        Raises:
            SiteError: it is faulty.
            EdgeError: it cannot be kept.
        """
        self._write(FRESH, text)
        return load_site(self._state / FRESH)

    def taken(self, site: Site) -> None:
        """What was `read` last is in force now, and is what the next start begins with.

        Raises:
            EdgeError: it cannot be kept.
        """
        try:
            (self._state / FRESH).replace(self._state / COPY)
            _sync(self._state)
        except OSError as error:
            raise EdgeError(f"{self._state}: the cloud's site cannot be kept: {error.strerror}") from error
        self.site, self.from_cloud, self._beside = site, True, ""
        self._tell("")

    def heard(self, notice: SiteNotice) -> None:
        """The cloud has this site. Where it is the one in force, the node takes its site from the cloud now.

        Raises:
            EdgeError: the copy cannot be kept.
        """
        self._beside = beside(notice, self.site, insist=self.insist)
        if notice.digest == site_digest(self.site) and not self.insist and not self.from_cloud:
            self._write(FRESH, dump_site(self.site))
            self.taken(self.site)

    def _first(self) -> Site:
        own, faulty = None, ""
        if self._file is not None:
            try:
                own = load_site(self._file)
            except SiteError as error:
                if self.insist or not (self._state / COPY).is_file():
                    raise
                faulty = f"the local site file is faulty: {str(error).splitlines()[0]}"
        chosen = choose(own, self._copy(own), insist=self.insist)
        if chosen is None:
            raise EdgeError("--site: is missing; name the site file")
        self.from_cloud = chosen.from_cloud
        self._tell(faulty or chosen.problem)
        return chosen.site

    def _copy(self, own: Site | None) -> Site | None:
        """The cloud's site, unless it cannot be read any more."""
        if self.insist or not (self._state / COPY).is_file():
            return None
        try:
            return load_site(self._state / COPY)
        except SiteError as error:
            if own is None:
                raise
            log.error("the cloud's site as it is kept here cannot be read, the local file is used: %s", error)
            return None

    def _tell(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.warning("site: %s", problem)
        elif self._problem and not problem:
            log.info("site: all is well again, version %d is in force", self.site.version)
        self._problem = problem

    def _write(self, name: str, text: str) -> None:
        try:
            self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._state / name).open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EdgeError(f"{self._state}: the cloud's site cannot be kept: {error.strerror}") from error

    def _stamped(self) -> tuple[tuple[str, int, int], ...]:
        """What tells that the file, or one beside it that it may use, was changed."""
        if self._file is None:
            return ()
        found = []
        for path in sorted(self._file.parent.glob("*")):
            if path.suffix in PARTS or path == self._file:
                try:
                    stat = path.stat()
                except OSError:
                    continue
                found.append((path.name, stat.st_mtime_ns, stat.st_size))
        return tuple(found)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
