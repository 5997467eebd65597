"""The `gridwatch` command: one word a job, each found in its own package.

A package's `commands` module has `COMMANDS`, a mapping from word to `(configure, run)`;
it is imported only when one of its words is asked for, so that an edge box needs no cloud libraries.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

EXTRAS = ("edge", "cloud", "simulators")
"""Packages whose libraries are optional."""
WORDS = {
    "check": ("devices", "say what is wrong with a site file, or what was understood"),
    "edge": ("edge", "run one edge node"),
    "replay": ("edge", "run seeing and judging on a recorded clip"),
    "rules": ("edge", "try a site's rules on recorded readings"),
    "doctor": ("edge", "check a node's own store and reach"),
    "models": ("edge", "list, fetch, add, verify and measure the detector's models"),
    "cloud": ("cloud", "run the cloud API with its pages"),
    "areas": ("cloud", "bring new boundaries of communities and grids to a cloud"),
    "backup": ("cloud", "take a backup of a cloud's database and media, while it serves"),
    "restore": ("cloud", "bring a backup back into an empty install"),
    "upgrade": ("cloud", "bring an install's database up to this program's"),
    "hotline": ("cloud", "bring a sheet of the city's hotline to a cloud"),
    "audit": ("cloud", "prove that no line of a case's log was changed, and none is gone"),
    "broker": (
        "devices",
        "what a site's MQTT broker needs: configuration, access list, certificates, passwords",
    ),
    "simulate": ("simulators", "run a simulated street: cameras and sensors on real protocols"),
    "eval": ("simulators", "say how right seeing and judging are, on labelled scenes"),
    "demo": ("simulators", "bring everything up on this machine"),
    "drill": ("simulators", "break everything for ten minutes and count what was lost or doubled"),
}
CLOSED = 141
"""Exit code when whoever read our output has gone: what a shell tells of SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (2: wrong usage, 1: a clear error was printed).

    A reader that has seen enough (`gridwatch check ... | head`) ends it without a word.
    """
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED


def _run(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="gridwatch", description="Edge gateway for street-level grid governance."
    )
    commands = parser.add_subparsers(dest="word", required=True, metavar="COMMAND")
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for word, (package, summary) in WORDS.items():
        sub = commands.add_parser(word, help=summary, description=summary.capitalize() + ".")
        if word == asked:
            try:
                module = importlib.import_module(f"{package}.commands")
            except ModuleNotFoundError as error:
                if error.name is None or error.name.split(".")[0] == package:
                    raise
                how = f"with its extra [{package}]" if package in EXTRAS else "again"
                print(
                    f"gridwatch {word}: needs the Python package {error.name!r}; install gridwatch {how}",
                    file=sys.stderr,
                )
                return 1
            configure, run = module.COMMANDS[word]
            configure(sub)
            sub.set_defaults(run=run)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
