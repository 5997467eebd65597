"""`gridwatch drill`: is nothing lost and nothing doubled, whatever breaks?"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from devices.errors import SiteError
from devices.site.load import load_site
from simulators.drill.report import as_table
from simulators.drill.run import Drill, Wish
from simulators.drill.sabotage import NAMES
from simulators.drill.truths import street
from simulators.errors import SimulatorsError


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--site", type=Path, default=Path("examples/street/site.yaml"), help="the shipped street's site file"
    )
    parser.add_argument("--minutes", type=float, default=10.0, metavar="N", help="how long (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of truths and faults (%(default)s)")
    parser.add_argument("--nodes", type=int, default=4, metavar="N", help="1 to 4 (%(default)s)")
    parser.add_argument("--cameras", type=int, metavar="N", help="as many as nodes at most (one each)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--sabotage", choices=NAMES, metavar="NAME",
        help=f"break the product on purpose, to see the drill fail: {', '.join(NAMES)}",
    )  # fmt: skip
    parser.add_argument(
        "--state", type=Path, metavar="DIR",
        help="an empty directory for all that is kept; else a temporary one, kept when the drill fails",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Hold a drill; 0 when it passed, 1 when not, 2 when it could not be held."""
    logging.basicConfig(level=logging.ERROR)
    state = options.state or Path(tempfile.mkdtemp(prefix="gridwatch-drill-"))
    told = sys.stderr if options.json else sys.stdout
    prefix = [sys.executable, "-m", "gridwatch"]
    if options.sabotage:
        prefix = [sys.executable, "-m", "simulators.drill.sabotage", options.sabotage]
    try:
        state.mkdir(parents=True, exist_ok=True)
        if any(state.iterdir()):
            raise SimulatorsError(f"--state {state} is not empty; a drill begins with nothing")
        cameras = options.nodes if options.cameras is None else options.cameras
        site = street(load_site(options.site), options.nodes, cameras)
        wish = Wish(site, options.minutes * 60, options.seed, prefix)
        drill = Drill(wish, state.resolve(), lambda text: print(text, file=told, flush=True))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: drill.stop())
        report = drill.hold()
    except (SiteError, SimulatorsError) as error:
        print(f"gridwatch drill: {error}", file=sys.stderr)
        print(f"gridwatch drill: what was kept is in {state}", file=sys.stderr)
        return 2
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if options.json:
        print(text)
    else:
        print(as_table(report))
    if report["passed"] and options.state is None:
        shutil.rmtree(state)
        return 0
    (state / "report.json").write_text(text, encoding="utf-8")
    print(f"gridwatch drill: logs and records are in {state}", file=sys.stderr)
    return 0 if report["passed"] else 1
