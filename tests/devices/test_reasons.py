"""Every reason for which a device does not deliver has its rung, and a sentence in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devices.messages import DeviceStatus
from devices.reasons import Reason
from devices.stream.status import RUNG

WORDS = Path(__file__).parents[2] / "cloud" / "web" / "src" / "words" / "troubles.ts"


def test_every_reason_has_a_rung_and_none_of_them_is_up():
    assert set(RUNG) == set(Reason)
    assert DeviceStatus.UP not in RUNG.values()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_wall_has_a_sentence_for_every_reason(language):
    source = WORDS.read_text(encoding="utf-8")
    block = re.search(rf"^  {language}: \{{(.*?)^  \}},", source, re.MULTILINE | re.DOTALL)[1]
    said = dict(re.findall(r'^    (\w+): "(.+)",$', block, re.MULTILINE))
    assert said.keys() == {str(reason) for reason in Reason}
    assert all(bool(re.search(r"[\u4e00-\u9fff]", text)) is (language == "zh") for text in said.values())
