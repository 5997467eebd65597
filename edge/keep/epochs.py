"""Which epochs the database files had, beside them: a file that was lost can still be named.

A new file has a new epoch. The gap that counts for the lost one must name the old epoch, which stands
nowhere else.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from uuid import UUID

from edge.keep.files import Files

log = logging.getLogger(__name__)

FILE = "epochs.json"


def read(directory: Path) -> dict[str, UUID]:
    """Epoch by name of the database file; empty where the file is not there or cannot be read."""
    try:
        raw = json.loads((directory / FILE).read_text())
        return {str(name): UUID(epoch) for name, epoch in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        log.warning("%s cannot be read: %s", directory / FILE, error)
        return {}


def write(directory: Path, epochs: dict[str, UUID], files: Files) -> None:
    """Keep them; a disk that is full is told, and tried again at the next start."""
    try:
        text = json.dumps({name: str(epoch) for name, epoch in sorted(epochs.items())})
        files.replace_text(directory / FILE, f"{text}\n")
    except OSError as error:
        log.warning("%s cannot be written: %s", directory / FILE, error.strerror)
