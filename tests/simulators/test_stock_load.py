"""The stock itself: fetched, derived, fit to be composed with. Needs `python scripts/setup.py --tests`."""

from __future__ import annotations

import importlib.util
import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from simulators.errors import FootageError
from simulators.scenes.stock.light import sky_over
from simulators.scenes.stock.load import load_stock
from simulators.scenes.stock.manifest import read_manifest
from simulators.scenes.stock.mesh import Mesh, read_mesh
from simulators.scenes.stock.model import Stock, StockCutOut
from simulators.scenes.stock.photo import cut
from simulators.scenes.stock.raster import nearest
from simulators.scenes.stock.render import Shot, render

ROOT = Path(__file__).resolve().parents[2]
CUBE = "\n".join(
    [f"v {x} {y} {z}" for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    + ["f 1 2 4 3", "f 5 6 8 7", "f 1 2 6 5", "f 3 4 8 7", "f 1 3 7 5", "f 2 4 8 6"]
)


@pytest.fixture(scope="module")
def stock() -> Stock:
    return load_stock()


@pytest.fixture(scope="module")
def fetch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch_stock", ROOT / "scripts" / "fetch_stock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cube(size: tuple[float, float, float] = (2.0, 1.0, 1.0)) -> Mesh:
    return read_mesh("cube.obj", {"cube.obj": CUBE.encode()}.__getitem__, size)


def test_the_two_splits_share_neither_assets_nor_backgrounds(stock: Stock) -> None:
    tune, judge = stock.split("tune"), stock.split("judge")
    assert not {one.asset for one in tune.cutouts} & {one.asset for one in judge.cutouts}
    assert not {one.name for one in tune.backgrounds} & {one.name for one in judge.backgrounds}
    assert len(tune.cutouts) + len(judge.cutouts) == len(stock.cutouts)
    for half in (tune, judge):
        assert len(half.cutouts) >= 40
        assert len(half.of("person")) >= 8


def test_names_are_unique(stock: Stock) -> None:
    names = Counter([*(one.name for one in stock.cutouts), *(one.name for one in stock.backgrounds)])
    assert max(names.values()) == 1


def test_every_cut_out_has_real_alpha_and_a_plausible_shape(stock: Stock) -> None:
    def fault(one: StockCutOut) -> str:
        height, width, depth = one.pixels.shape
        alpha = one.pixels[..., 3]
        solid = float((alpha > 200).mean())
        wide = {"person": (0.15, 1.3), "two_wheeler": (0.3, 2.2)}.get(one.kind, (0.15, 6.0))
        checks = {
            "four channels": depth == 4,
            "large enough": min(height, width) >= 24 and max(height, width) >= 100,
            "solid inside": solid > 0.04,
            "clear around": float((alpha < 30).mean()) > 0.01,
            "stands on its lowest row": bool((alpha[-3:] > 24).any()),
            "aspect": wide[0] <= width / height <= wide[1],
            "height": 0.1 <= one.height_m <= 8,
        }
        return ", ".join(name for name, right in checks.items() if not right)

    assert {one.name: text for one in stock.cutouts if (text := fault(one))} == {}


def test_backgrounds_are_pictures_of_a_camera(stock: Stock) -> None:
    for one in stock.backgrounds:
        assert one.image.shape == (720, 1280, 3)
        assert one.image.std() > 15
        foot = max(y for _, y in one.ground)
        assert 60 < one.pixels_per_metre(foot) * 1.7 < 720


def test_what_is_kept_is_read_again_and_not_made_anew(stock: Stock) -> None:
    again = load_stock()
    assert [one.name for one in again.cutouts] == [one.name for one in stock.cutouts]


def test_a_stock_that_was_not_fetched_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDWATCH_CACHE", str(tmp_path))
    with pytest.raises(FootageError, match=r"fetch_stock\.py"):
        load_stock()


def test_the_nearer_triangle_is_seen() -> None:
    flat = np.array([[[0, 0], [8, 0], [0, 8]], [[0, 0], [8, 0], [0, 8]]], dtype=np.float64)
    seen, near = nearest(flat, np.array([[0.5] * 3, [0.9] * 3]), 10, 10)
    assert seen[1, 1] == 1
    assert near[1, 1] == pytest.approx(0.9)
    assert seen[9, 9] == -1


def test_a_cube_is_rendered_at_its_size() -> None:
    mesh = cube()
    pixels, height = render(mesh, Shot(0, pitch=5, tall=200), sky_over(mesh))
    assert max(pixels.shape[:2]) == pytest.approx(200, abs=4)
    assert 0.95 < height < 1.3
    assert pixels[100 * pixels.shape[0] // 200, pixels.shape[1] // 2, 3] == 255


def test_a_mesh_of_nonsense_is_named() -> None:
    with pytest.raises(FootageError, match=r"x\.obj: a line of the mesh cannot be read"):
        read_mesh("x.obj", {"x.obj": b"v 0 zero 0\n"}.__getitem__, (1, 1, 1))
    with pytest.raises(FootageError, match=r"x\.obj: holds no faces"):
        read_mesh("x.obj", {"x.obj": b"v 0 0 0\n"}.__getitem__, (1, 1, 1))


def test_a_thing_is_cut_along_its_edge_though_the_trace_is_rough() -> None:
    photo = np.full((200, 200, 3), 180, np.uint8)
    photo[60:140, 50:150] = (20, 30, 160)
    found = cut(photo, [[(47, 57), (153, 58), (152, 143), (48, 142)]])
    assert found.shape[:2] == (pytest.approx(80, abs=4), pytest.approx(100, abs=4))


def test_a_package_is_opened_without_its_own_tools(fetch: ModuleType, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:xz") as archive:
        info = tarfile.TarInfo("./usr/share/a.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    parts = [(b"debian-binary", b"2.0\n"), (b"control.tar.xz", b"odd"), (b"data.tar.xz", inner.getvalue())]
    deb = b"!<arch>\n"
    for name, data in parts:
        deb += name.ljust(16) + b"0".ljust(32) + str(len(data)).encode().ljust(10) + b"`\n" + data
        deb += b"\n" * (len(data) % 2)
    (tmp_path / "a.deb").write_bytes(deb)
    assert dict(fetch.members(tmp_path / "a.deb", {"usr/share/a.txt"})) == {"usr/share/a.txt": b"hello"}
    with pytest.raises(fetch.FetchError, match=r"no data\.tar"):
        fetch.data_of_deb(b"!<arch>\n")


def test_a_file_that_was_changed_is_fetched_again(fetch: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")
    note = {"sha256": "abc", "files": {"a.txt": fetch.digest(b"hello")}}
    (tmp_path / "provenance.json").write_text(json.dumps(note))
    assert fetch.intact(tmp_path, {"sha256": "abc"}, {"a.txt"})
    assert not fetch.intact(tmp_path, {"sha256": "abd"}, {"a.txt"})
    assert not fetch.intact(tmp_path, {"sha256": "abc"}, {"a.txt", "b.txt"})
    (tmp_path / "a.txt").write_bytes(b"hullo")
    assert not fetch.intact(tmp_path, {"sha256": "abc"}, {"a.txt"})


def test_licences_lie_beside_what_was_fetched(stock: Stock, fetch: ModuleType) -> None:
    assert stock.cutouts
    for package in read_manifest().packages.values():
        if package.fetched_by == "fetch_stock.py":
            folder = fetch.folder() / package.name
            assert all((folder / name).stat().st_size > 500 for name in package.licence_files)
            assert json.loads((folder / "provenance.json").read_text())["sha256"] == package.sha256
