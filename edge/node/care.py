"""Remote care of a running node: its link with the cloud, and the site that it runs by."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from devices.errors import DevicesError
from devices.link import Command, CommandKind, Hello, SiteBody, SiteNotice
from devices.messages import DeviceStatus
from devices.site.edit import site_digest
from devices.site.model import Site
from edge.errors import CloudRefused, CredentialBusy, CredentialTrouble, EdgeError
from edge.link.client import Link
from edge.link.desk import CommandDesk, Done, Handler
from edge.link.dial import Address
from edge.link.levels import LogLevels
from edge.node.changes import Changes
from edge.node.follow import SiteKeeper
from edge.node.node import Node
from edge.see.detector import DEFAULT
from edge.send.exchange import HttpDoor, rotate
from edge.send.token import token_from
from edge.send.trust import trust_from
from edge.trying.desk import TryDesk

log = logging.getLogger(__name__)


class Care:
    """Of one node. `between` is for the node's `wait`; the rest happens on the link's thread."""

    def __init__(
        self,
        node: Node,
        keeper: SiteKeeper,
        env: Mapping[str, str],
        state: Path,
        now: Callable[[], datetime],
        model: str = DEFAULT,
    ) -> None:
        """Nothing happens before `start`. `model`: of the detector, for what is tried.

        Raises:
            StoreError: the node's store cannot be read.
        """
        self._node, self._keeper, self._env, self._state = node, keeper, env, state
        self._asked = threading.Event()
        self._levels = LogLevels()
        self._trying = TryDesk(node.store.stills, model, env, lambda *done: desk.finished(*done))
        handlers: dict[str, Handler] = {
            CommandKind.PHOTO: node.errands.photo,
            CommandKind.LOOK_AGAIN: node.errands.look_again,
            CommandKind.SITE: self._site,
            CommandKind.LOG_LEVEL: self._levels,
            CommandKind.ROTATE: self._rotate,
            CommandKind.RESET: node.reset,
            CommandKind.STILL: node.stills.still,
            CommandKind.TRY: self._try,
            CommandKind.CANCEL: self._trying.cancel,
        }
        desk = CommandDesk(handlers, node.store, now, node.wake)
        self._link = Link(
            self._address,
            token_from(env, state),
            desk,
            self._hello,
            self._noticed,
            self._linked,
            on_video=node.video.hear,
        )

    def start(self) -> None:
        """Open the link."""
        self._node.say(self._keeper.problem)
        self._link.start()

    def stop(self) -> None:
        """Ask the link to end, and put log levels back."""
        self._link.stop()
        self._trying.close()
        self._levels.close()

    def look_at_file(self) -> None:
        """Look at the node's own site file now; safe in a signal handler."""
        self._asked.set()
        self._node.nudge()

    def between(self) -> None:
        """Take over the node's own site file when it was changed, or somebody asked for it."""
        asked = self._asked.is_set()
        self._asked.clear()
        said = self._keeper.problem
        site = self._keeper.edited(asked=asked)
        if site is not None:
            try:
                self._node.apply(site)
            except (EdgeError, DevicesError) as error:
                self._keeper.refuse(str(error))
            else:
                self._keeper.applied(site)
                self._link.greet()
        if site is not None or self._keeper.problem != said:
            self._node.say(self._keeper.problem)

    def _address(self) -> Address:
        uplink = self._keeper.site.uplink
        return Address(uplink.url, trust_from(uplink, self._env))

    def _hello(self) -> Hello:
        site = self._keeper.site
        return Hello(version=site.version, digest=site_digest(site), local=self._keeper.insist)

    def _linked(self, status: DeviceStatus, detail: str) -> None:
        """The link has logged it; the node's next report carries it."""
        self._node.reporter.note(self._node.id, {"link": str(status), "link_detail": detail})

    def _noticed(self, notice: SiteNotice) -> None:
        """The cloud said which site it has."""

        def compare() -> None:
            self._keeper.heard(notice)
            self._node.say(self._keeper.problem)

        try:
            self._node.on_main.ask(compare)
        except EdgeError as error:
            log.error("%s", error)

    def _site(self, command: Command) -> Done:
        """`site`: take over what the cloud has."""
        body = SiteBody.model_validate(command.body)
        mine = self._keeper.site
        if self._keeper.insist:
            return Done(reason=f"this node insists on its local site, version {mine.version} (--site-local)")
        if body.version < mine.version:
            return Done(reason=f"versions only rise: version {mine.version} is in force here")
        if body.version == mine.version and body.digest != site_digest(mine):
            return Done(reason=f"another site of version {mine.version} is in force here; raise the version")
        if body.text is None:
            return Done(reason="the command has no site in it")
        try:
            site = self._keeper.read(body.text)
            told = self._node.on_main.ask(partial(self._take, site))
        except (EdgeError, DevicesError) as error:
            log.error("the cloud's site is refused, version %d stays in force: %s", mine.version, error)
            return Done(reason=str(error))
        self._link.greet()
        return Done({"version": site.version, "changes": told.told()})

    def _try(self, command: Command) -> Done | None:
        """`try`: other zones, on the pictures of the last hour."""
        site = self._keeper.site
        cameras = [
            camera.id for point in site.points for camera in point.cameras if point.node == self._node.id
        ]
        return self._trying.begin(command, cameras, site.timezone)

    def _rotate(self, command: Command) -> Done:
        """`rotate`: change the node's token; once for each command, whatever dies meanwhile."""
        uplink = self._keeper.site.uplink
        door = HttpDoor(uplink.url, trust_from(uplink, self._env))
        try:
            rotate(self._state, door, order=str(command.id))
        except CredentialBusy:
            raise
        except (CloudRefused, CredentialTrouble) as error:
            return Done(reason=str(error))
        return Done()

    def _take(self, site: Site) -> Changes:
        """Between the node's rounds: first in force, then kept: no start with what cannot be applied."""
        told = self._node.apply(site)
        self._keeper.taken(site)
        self._node.say(self._keeper.problem)
        return told
