"""The edge's words of the `gridwatch` command."""

from __future__ import annotations

from edge import replay

COMMANDS = {
    "replay": (replay.configure, replay.run),
}
