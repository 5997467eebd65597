"""The simulators' words of the `gridwatch` command."""

from __future__ import annotations

from simulators import demo, street

COMMANDS = {
    "simulate": (street.configure, street.run),
    "demo": (demo.configure, demo.run),
}
