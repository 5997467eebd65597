"""A camera without purpose and signage: told of one's own, refused of somebody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from devices.site.load import inspect_site

STREET = Path(__file__).parents[2] / "examples" / "street" / "site.yaml"


def street_with(tmp_path: Path, **changes: object) -> Path:
    """The example's street, its first camera with rules changed."""
    shutil.copytree(STREET.parent, tmp_path / "street")
    tree = yaml.safe_load(STREET.read_text(encoding="utf-8"))
    camera = next(
        camera
        for point in tree["points"]
        for camera in point.get("cameras", [])
        if any(zone.get("rules") for zone in camera.get("zones", []))
    )
    camera.update(changes)
    file = tmp_path / "street" / "site.yaml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return file


@pytest.mark.parametrize("changes", [{"signage": False}, {"purpose": ""}])
def test_a_camera_whose_owner_is_named_cannot_watch_without(tmp_path, changes) -> None:
    report = inspect_site(street_with(tmp_path, owner="A shop", **changes))
    (name,) = changes
    assert [fault.path.rpartition(".")[2] for fault in report.errors] == [name]
    assert report.site is None


def test_of_the_streets_own_a_missing_sign_is_told(tmp_path) -> None:
    report = inspect_site(street_with(tmp_path, owner="", signage=False, purpose=""))
    assert report.errors == ()
    assert [fault.path.rpartition(".")[2] for fault in report.warnings] == ["signage"]
