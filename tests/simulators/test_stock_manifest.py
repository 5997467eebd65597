"""The manifest of the stock: complete, pinned, and its two halves apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simulators.errors import FootageError
from simulators.scenes.stock.labels import COCO
from simulators.scenes.stock.manifest import MANIFEST, CutOutEntry, Manifest, Source, read_manifest
from simulators.scenes.stock.model import UNKNOWN, Kind

SAID = read_manifest()
SOURCES = [*(one.source for one in SAID.backgrounds), *(one.source for one in SAID.cutouts)]
FREE = {"Apache-2.0", "BSD-3-Clause", "CC-BY-3.0", "CC-BY-3.0-US", "CC0-1.0", "Pexels"}


def of(split: str) -> list[CutOutEntry]:
    return [one for one in SAID.cutouts if one.source.split == split]


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: one.name)
def test_every_asset_names_its_free_licence_and_author(source: Source) -> None:
    assert source.licence in FREE
    assert source.licence in SAID.packages[source.package].licence
    assert source.author


def test_every_package_is_pinned_and_used() -> None:
    assert {one.package for one in SOURCES} == set(SAID.packages)
    for package in SAID.packages.values():
        assert package.version in package.file or package.registry == "debian"
        assert package.licence_files
    assert sum(one.megabytes for one in SAID.packages.values()) < 280


def test_the_two_splits_share_no_file() -> None:
    tune = {(one.package, one.file) for one in SOURCES if one.split == "tune"}
    judge = {(one.package, one.file) for one in SOURCES if one.split == "judge"}
    assert tune
    assert judge
    assert not tune & judge


def test_labels_are_coco_names_or_unknown() -> None:
    for one in SAID.cutouts:
        assert one.names <= COCO | {UNKNOWN}
        assert one.label in one.names


@pytest.mark.parametrize("split", ["tune", "judge"])
def test_each_split_has_things_of_every_kind(split: str) -> None:
    kinds = [one.kind for one in of(split)]
    least: dict[Kind, int] = {
        "two_wheeler": 3,
        "vehicle": 4,
        "bulky": 6,
        "goods": 6,
        "person": 8,
        "animal": 1,
    }
    assert all(kinds.count(kind) >= number for kind, number in least.items())
    assert len([one for one in SAID.backgrounds if one.source.split == split]) >= 3


def test_a_background_has_ground_below_its_horizon() -> None:
    for one in SAID.backgrounds:
        assert len(one.ground) >= 3
        assert all(0 <= x <= 1 and one.horizon < y <= 1 for x, y in one.ground)
        assert 0 < one.metre < 1


def spoilt(tmp_path: Path, change: str, value: object) -> Path:
    said = yaml.safe_load(MANIFEST.read_text())
    said["cutouts"][0][change] = value
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(said))
    return path


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("licence", "", "licence is missing"),
        ("split", "both", "split is 'both', not one of tune, judge"),
        ("views", [], "views is missing"),
        ("package", "elsewhere", "'elsewhere' is not under packages"),
        ("name", SAID.cutouts[1].source.name, "two assets have this name"),
    ],
)
def test_a_gap_in_the_manifest_is_named(key: str, value: object, text: str, tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=text):
        read_manifest(spoilt(tmp_path, key, value))


def test_a_hash_that_is_none_is_refused(tmp_path: Path) -> None:
    said = yaml.safe_load(MANIFEST.read_text())
    said["packages"]["opencv-doc"]["sha256"] = "abc"
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(said))
    with pytest.raises(FootageError, match="sha256 is not 64"):
        read_manifest(path)


def test_the_manifest_read_is_whole() -> None:
    assert isinstance(SAID, Manifest)
    assert len(SAID.cutouts) >= 80
