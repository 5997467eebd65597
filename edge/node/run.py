"""`gridwatch edge`: one node, from its site file until it is told to end."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import cv2

from devices.errors import DevicesError
from edge import enrol
from edge.errors import EdgeError
from edge.node.care import Care
from edge.node.follow import SiteKeeper
from edge.node.heap import give_back, share_one_heap
from edge.node.node import Node, utc_now
from edge.see.detector import DEFAULT, detector_from


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--site", type=Path, help="the site file; without it, the site that the cloud gave the node"
    )
    parser.add_argument(
        "--site-local", action="store_true", help="insist on the site file, whatever the cloud has"
    )
    parser.add_argument(
        "--node", metavar="ID", help="which of its nodes this is (the one that was enrolled in --state)"
    )
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="where the node keeps what it must not lose (var/edge/ID)"
    )
    parser.add_argument(
        "--metrics", type=int, metavar="PORT", help="serve Prometheus metrics on this port of 127.0.0.1"
    )
    parser.add_argument(
        "--model",
        default=DEFAULT,
        metavar="NAME|FILE.yaml",
        help=f"the detector: a name of `gridwatch models list`, or a description ({DEFAULT})",
    )
    parser.add_argument("--verbose", action="store_true", help="log more")
    enrol.configure(parser)


def run(options: argparse.Namespace) -> int:
    """Run the node until SIGINT or SIGTERM; 0 then, 1 when it could not start or a defect ended it.

    A node that did start ends the whole process.
    """
    if options.helper is not None:
        return enrol.run(options)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(threadName)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    # The reporter says the same, by the camera's id.
    logging.getLogger("devices.stream.camera").setLevel(logging.ERROR)
    # One core's worth of threads a node: cameras run side by side instead.
    cv2.setNumThreads(1)
    share_one_heap()
    try:
        name, state = enrol.identity(options.node, options.state)
        keeper = SiteKeeper(options.site, state, insist=options.site_local)
        node = Node(keeper.site, name, state, os.environ, detector_from(options.model))
        care = Care(node, keeper, os.environ, state, utc_now, options.model)
        if options.metrics is not None:
            node.serve_metrics(options.metrics)
    except (DevicesError, EdgeError) as error:
        print(f"gridwatch edge: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: node.stop())
    signal.signal(signal.SIGHUP, lambda *_: care.look_at_file())
    give_back()  # what loading the detector took
    node.start()
    care.start()
    try:
        asked = node.wait(care.between)
    finally:
        care.stop()
        node.close()
    return _leave(0 if asked else 1)


def _leave(code: int) -> NoReturn:
    """End now: what must last is on the disk, and a thread that was left behind in a library of C++ would
    abort a process that unloads it.
    """
    logging.shutdown()
    os._exit(code)
