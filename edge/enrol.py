"""`gridwatch edge enrol` and `gridwatch edge rotate`: how a node comes by its credential and renews it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from devices.errors import DevicesError
from devices.site.load import load_site
from devices.site.model import Uplink
from edge.errors import CloudRefused, CredentialBusy, CredentialTrouble, EdgeError, UplinkError
from edge.send import exchange
from edge.send.credential import load
from edge.send.token import VARIABLE
from edge.send.trust import trust_from

log = logging.getLogger(__name__)

STATE = Path("var/edge/node")
"""Where a node is enrolled and runs unless told."""
AGAIN_S = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """The helpers of `gridwatch edge`."""
    helpers = parser.add_subparsers(dest="helper", metavar="HELPER")
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument(
        "--state", type=Path, default=argparse.SUPPRESS, metavar="DIR", help=f"the node's directory ({STATE})"
    )
    what = "exchange a one-time code for this node's own credential"
    enrol = helpers.add_parser("enrol", parents=[own], help=what)
    enrol.add_argument("url", metavar="URL", help="the cloud: scheme, host and port")
    enrol.add_argument(
        "code", metavar="CODE", help="of `gridwatch cloud enrol NODE`; - reads it from the input"
    )
    enrol.add_argument("--ca-file", metavar="FILE", help="trust anchors, PEM; the system's unless given")
    enrol.add_argument("--client-cert", metavar="FILE", help="our certificate, for a cloud that asks for one")
    enrol.add_argument("--client-key", metavar="FILE", help="its key, unless it is in the same file")
    enrol.add_argument("--allow-plain", action="store_true", help="http to another machine, over a safe line")
    rotate = helpers.add_parser("rotate", parents=[own], help="exchange the node's token for a new one")
    rotate.add_argument(
        "--site", type=Path, default=argparse.SUPPRESS, metavar="SITE", help="the site file, for its uplink"
    )


def run(options: argparse.Namespace) -> int:
    """Do what was asked; 1 with one clear line when that cannot be done."""
    try:
        if options.helper == "enrol":
            print(_enrol(options))
        else:
            print(_rotate(options))
    except (DevicesError, EdgeError) as error:
        print(f"gridwatch edge {options.helper}: {error}", file=sys.stderr)
        return 1
    return 0


def _enrol(options: argparse.Namespace) -> str:
    try:
        uplink = Uplink(
            url=options.url,
            ca_file=options.ca_file,
            client_cert=options.client_cert,
            client_key=options.client_key,
            allow_plain=options.allow_plain,
        )
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]
        words = "write scheme, host and port only: https://cloud.example:8420"
        told = words if said["loc"] else said["msg"].removeprefix("Value error, ")
        raise EdgeError(f"URL: {told.replace('`allow_plain: true`', '--allow-plain')}") from None
    state = options.state or STATE
    code = sys.stdin.readline().strip() if options.code == "-" else options.code
    door = exchange.HttpDoor(uplink.url, trust_from(uplink, os.environ))
    node = exchange.enrol(state, code, door)
    return f"this is node {node} from now on; its credential is in {state}"


def _rotate(options: argparse.Namespace) -> str:
    if options.site is None:
        raise EdgeError("--site: is missing; the site's uplink says where the cloud is")
    uplink = load_site(options.site).uplink
    door = exchange.HttpDoor(uplink.url, trust_from(uplink, os.environ))
    node = exchange.rotate(options.state or STATE, door)
    return f"node {node} has a new token; the one before ends in a few minutes"


def identity(node: str | None, state: Path | None) -> tuple[str, Path]:
    """Which node runs in which directory, of what was said and of who was enrolled there.

    Raises:
        EdgeError: nobody was named or enrolled, or another node was.
    """
    state = state or (STATE if node is None else STATE.parent / node)
    mine = load(state)
    if mine is None or not mine.token:
        if node is None:
            raise EdgeError(f"--node: is missing, and no node was enrolled in {state}")
        return node, state
    if node not in (None, mine.node):
        raise EdgeError(f"--node {node}: node {mine.node} was enrolled in {state}; name another --state")
    if any(name in os.environ for name in (VARIABLE, f"{VARIABLE}_FILE")):
        log.warning("%s is set and not used: node %s has a credential of its own", VARIABLE, mine.node)
    return mine.node, state


def finish_rotation(
    state: Path, door: exchange.Door, stopping: threading.Event, tell: Callable[[str], None]
) -> None:
    """Finish, as soon as the cloud answers, a rotation or enrolment that was cut off; then return.

    `tell` hears once how it ended, in one sentence without secrets.
    """
    while not stopping.is_set():
        try:
            mine = load(state)
            if mine is None or not (mine.token and mine.next):
                return
            tell(f"node {exchange.rotate(state, door)}: finished the change of its token")
            return
        except CredentialBusy:
            stopping.wait(AGAIN_S)
        except (CloudRefused, CredentialTrouble) as error:
            tell(f"the change of this node's token cannot be finished: {error}")
            return
        except UplinkError:
            stopping.wait(AGAIN_S)
