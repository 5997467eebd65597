"""One process at a time works with a state directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from edge.errors import StoreBusy

FILE = "node.lock"


def take(directory: Path) -> TextIOWrapper:
    """Hold the directory; the kernel lets go of it when the process ends, however it ends.

    Raises:
        StoreBusy: another process holds it.
        OSError: the lock file cannot be made.
    """
    file = (directory / FILE).open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise StoreBusy(
            f"{directory}: another process (pid {holder}) works with this state directory; end it first"
        ) from None
    with suppress(OSError):  # the pid is a hint for people; on a full disk it is missing
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
    return file
