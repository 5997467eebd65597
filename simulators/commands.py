"""The simulators' words of the `gridwatch` command."""

from __future__ import annotations

from simulators import demo, street
from simulators.drill import command as drill
from simulators.quality import command as quality

COMMANDS = {
    "simulate": (street.configure, street.run),
    "eval": (quality.configure, quality.run),
    "demo": (demo.configure, demo.run),
    "drill": (drill.configure, drill.run),
}
