"""Assets that somebody adds to the stock by hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from simulators.errors import FootageError
from simulators.scenes.stock.extra import GROUND, extra_stock
from simulators.scenes.stock.model import Stock, StockBackground, StockCutOut

NOTHING = Stock((), ())


def picture(path: Path, width: int = 1280, height: int = 720) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 120, np.uint8))


def thing(path: Path, alpha: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((60, 80, 4), np.uint8)
    pixels[10:50, 20:70] = (30, 60, 90, 255)
    cv2.imwrite(str(path), pixels if alpha else pixels[..., :3])


def test_a_folder_of_pictures_is_added_with_sensible_defaults(tmp_path: Path) -> None:
    picture(tmp_path / "backgrounds" / "yard.jpg", 1600, 1200)
    thing(tmp_path / "cutouts" / "bicycle" / "red.png")
    thing(tmp_path / "cutouts" / "unknown" / "sack.png")
    stock = extra_stock(NOTHING, tmp_path)
    (yard,) = stock.backgrounds
    assert yard.image.shape == (720, 1280, 3)
    assert yard.ground == GROUND
    assert {one.label: one.kind for one in stock.cutouts} == {"bicycle": "two_wheeler", "unknown": "bulky"}
    red = stock.cutouts[0]
    assert red.pixels.shape == (40, 50, 4)
    assert red.names == {"bicycle"}


def test_what_is_added_judges_and_never_tunes(tmp_path: Path) -> None:
    picture(tmp_path / "backgrounds" / "yard.png")
    thing(tmp_path / "cutouts" / "dog" / "rex.png")
    pixels = np.full((4, 4, 4), 255, np.uint8)
    own = StockCutOut("box", "unknown", frozenset(["unknown"]), pixels, 0.5, "bulky")
    stock = extra_stock(Stock((), (own,), frozenset(["box"])), tmp_path)
    assert [one.name for one in stock.split("tune").cutouts] == ["box"]
    assert [one.name for one in stock.split("judge").cutouts] == ["extra-dog-rex"]
    assert not stock.split("tune").backgrounds


def test_a_file_beside_an_asset_says_more_of_it(tmp_path: Path) -> None:
    picture(tmp_path / "backgrounds" / "yard.png")
    said = "ground: [[0, 0.9], [0.5, 0.5], [1, 0.9]]\nhorizon: 0.1\nmetre: 0.3\n"
    (tmp_path / "backgrounds" / "yard.yaml").write_text(said)
    thing(tmp_path / "cutouts" / "unknown" / "stall.png")
    (tmp_path / "cutouts" / "unknown" / "stall.yaml").write_text(
        "height_m: 2.2\nnames: [umbrella]\nkind: goods\n"
    )
    stock = extra_stock(NOTHING, tmp_path)
    (yard,), (stall,) = stock.backgrounds, stock.cutouts
    assert (yard.horizon, yard.metre, len(yard.ground)) == (0.1, 0.3, 3)
    assert yard.pixels_per_metre(1.0) == pytest.approx(0.3 * 720)
    assert (stall.height_m, stall.kind) == (2.2, "goods")
    assert stall.names == {"unknown", "umbrella"}


def wrong_label(folder: Path) -> None:
    thing(folder / "cutouts" / "bike" / "a.png")


def no_alpha(folder: Path) -> None:
    thing(folder / "cutouts" / "bicycle" / "a.png", alpha=False)


def nothing_cut_out(folder: Path) -> None:
    path = folder / "cutouts" / "bicycle" / "a.png"
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), np.full((20, 20, 4), 255, np.uint8))


def other_file(folder: Path) -> None:
    (folder / "cutouts" / "bicycle").mkdir(parents=True)
    (folder / "cutouts" / "bicycle" / "a.gif").write_bytes(b"GIF89a")


def broken_photo(folder: Path) -> None:
    (folder / "backgrounds").mkdir(parents=True)
    (folder / "backgrounds" / "a.jpg").write_bytes(b"not a picture")


def small_photo(folder: Path) -> None:
    picture(folder / "backgrounds" / "a.png", 320, 180)


def ground_above_horizon(folder: Path) -> None:
    picture(folder / "backgrounds" / "a.png")
    (folder / "backgrounds" / "a.yaml").write_text("horizon: 0.7\n")


def half_a_polygon(folder: Path) -> None:
    picture(folder / "backgrounds" / "a.png")
    (folder / "backgrounds" / "a.yaml").write_text("ground: [[0, 1], [0.5, 2]]\n")


def unknown_key(folder: Path) -> None:
    thing(folder / "cutouts" / "bicycle" / "a.png")
    (folder / "cutouts" / "bicycle" / "a.yaml").write_text("tall: 2\n")


def word_for_a_number(folder: Path) -> None:
    thing(folder / "cutouts" / "bicycle" / "a.png")
    (folder / "cutouts" / "bicycle" / "a.yaml").write_text("height_m: tall\n")


def giant(folder: Path) -> None:
    thing(folder / "cutouts" / "bicycle" / "a.png")
    (folder / "cutouts" / "bicycle" / "a.yaml").write_text("height_m: 80\n")


def empty(folder: Path) -> None:
    (folder / "backgrounds").mkdir()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (wrong_label, "'bike' is no COCO name; rename"),
        (no_alpha, r"a\.png: is not an RGBA picture"),
        (nothing_cut_out, r"a\.png: nothing is cut out"),
        (other_file, r"a\.gif: not one of \.png"),
        (broken_photo, r"a\.jpg is not a picture"),
        (small_photo, "320x180 is too small"),
        (ground_above_horizon, r"a\.yaml: horizon must lie above the ground"),
        (half_a_polygon, r"a\.yaml: ground must be three or more"),
        (unknown_key, r"a\.yaml: may say only height_m, kind, names"),
        (word_for_a_number, r"a\.yaml: height_m must be a number"),
        (giant, r"a\.yaml: height_m is 80\.0"),
        (empty, "holds no backgrounds"),
    ],
)
def test_a_bad_file_is_named_with_the_fix(spoil: object, text: str, tmp_path: Path) -> None:
    assert callable(spoil)
    spoil(tmp_path)
    with pytest.raises(FootageError, match=text):
        extra_stock(NOTHING, tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match="nowhere is not a folder"):
        extra_stock(NOTHING, tmp_path / "nowhere")


def test_a_metre_shrinks_to_nothing_at_the_horizon() -> None:
    place = StockBackground("a", np.zeros((720, 1280, 3), np.uint8), GROUND, 0.2, 0.25)
    assert place.pixels_per_metre(0.2) == 0
    assert place.pixels_per_metre(0.1) == 0
    assert place.pixels_per_metre(0.6) == pytest.approx(90)
