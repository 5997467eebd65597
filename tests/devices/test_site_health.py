"""What the site file says of the health of cameras."""

from pathlib import Path

import pytest

from devices.errors import SiteError
from devices.site.edit import dump_site
from devices.site.load import inspect_site, load_site
from devices.site.model import HealthKind, PictureHealth
from tests.devices.test_site_load import GOOD

BLOCK = """\
    health:
      off: [black]
      event_classes: {turned: 05-06-081}
      severity: medium
      enter: 20 s
      frozen_after: 2 min
      new_view_after: 1 h
    zones:
"""


def site_file(directory: Path, text: str) -> Path:
    path = directory / "site.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_camera_without_a_block_is_judged_for_every_kind_after_the_usual_times(tmp_path: Path) -> None:
    health = load_site(site_file(tmp_path, GOOD)).points[0].cameras[0].health
    assert health == PictureHealth()
    assert (health.off, health.enter, health.leave, health.frozen_after) == ((), 10.0, 10.0, 60.0)
    assert (health.stalled_after, health.new_view_after) == (30.0, 600.0)


def test_a_block_is_read_and_written_back(tmp_path: Path) -> None:
    site = load_site(site_file(tmp_path, GOOD.replace("    zones:\n", BLOCK)))
    health = site.points[0].cameras[0].health
    assert health.off == (HealthKind.BLACK,)
    assert health.event_classes == {HealthKind.TURNED: "05-06-081"}
    assert (health.enter, health.frozen_after, health.new_view_after) == (20.0, 120.0, 3600.0)
    text = dump_site(site)
    assert "frozen_after: 2 min" in text
    assert load_site(site_file(tmp_path, text)) == site


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("covered: 05-06-081", "covered: 05-06-082", "health_classes.covered: there is no event class"),
        ("turned: 05-06-081}", "turned: 90-01}", "health.event_classes.turned: there is no event class"),
        ("covered: 05-06-081", "blind: 05-06-081", "health_classes"),
        ("off: [black]", "off: [dark]", "health.off[0]"),
        ("enter: 20 s", "enter: soon", "health.enter"),
    ],
)
def test_a_fault_is_named_by_its_path(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GOOD.replace("    zones:\n", BLOCK)
    assert old in text
    with pytest.raises(SiteError) as caught:
        load_site(site_file(tmp_path, text.replace(old, new)))
    assert said in str(caught.value)


def test_kinds_without_an_event_class_are_a_warning(tmp_path: Path) -> None:
    text = GOOD.replace("turned: 05-06-081, ", "")
    (warning,) = inspect_site(site_file(tmp_path, text)).warnings
    assert (warning.path, warning.what) == ("health_classes", "has no event class for turned")
