"""The edge's words of the `gridwatch` command."""

from __future__ import annotations

from edge import doctor, replay, rules_try
from edge.models import command as models
from edge.node import run

COMMANDS = {
    "edge": (run.configure, run.run),
    "replay": (replay.configure, replay.run),
    "rules": (rules_try.configure, rules_try.run),
    "doctor": (doctor.configure, doctor.run),
    "models": (models.configure, models.run),
}
