"""The page has a word in both languages for all that sensors measure."""

from __future__ import annotations

import re
from pathlib import Path

import cloud
from devices.hj212 import factors
from devices.sensors import vocabulary
from devices.sensors.kinds import KINDS
from devices.sensors.quantities import QUANTITIES
from edge.judge.duties import BATTERY, SIGNAL, SILENCE

WORDS = Path(cloud.__file__).parent / "web" / "src" / "words"


def test_nothing_that_is_measured_goes_by_its_bare_name() -> None:
    measured = {BATTERY, SIGNAL, SILENCE, *QUANTITIES}
    measured |= {rule["quantity"] for kind in KINDS.values() for rule in kind.rules}
    measured |= {
        word.quantity for words in (vocabulary.NAMES, *vocabulary.OF_KIND.values()) for word in words.values()
    }
    measured |= {factor.quantity for factor in factors.FACTORS.values()}
    labels = (WORDS / "zh.ts").read_text(encoding="utf-8").split("labels: {")[1]
    named = set(re.findall(r"^ {4}(\w+): ", labels, re.MULTILINE))
    text = (WORDS / "quantities.ts").read_text(encoding="utf-8")
    named |= set(re.findall(r"^ {2}(\w+): \{ zh:", text, re.MULTILINE))
    assert measured - named == set()
