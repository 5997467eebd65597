"""Copies: what survives in them, by arithmetic and by measurement."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cloud.privacy.copies import COARSE, FINE, NoCopy, blank, copy_of


def jpeg(picture: Image.Image, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95, **more)
    return out.getvalue()


def stripes(width: int, height: int, period: int) -> Image.Image:
    """Black and white stripes, as fine as the writing on a plate or the eyes in a face."""
    picture = Image.new("L", (width, height))
    picture.putdata([255 * ((x % period) < period // 2) for _ in range(height) for x in range(width)])
    return picture.convert("RGB")


def contrast(body: bytes, box: tuple[int, int, int, int]) -> int:
    low, high = Image.open(io.BytesIO(body)).convert("L").crop(box).getextrema()
    return int(high - low)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([(640, 360), (1280, 720), (720, 1280)]), st.integers(2, 5))
def test_detail_that_is_finer_than_a_tile_does_not_survive(size: tuple[int, int], parts: int) -> None:
    tile = max(size) // COARSE
    period = max(2, tile // parts)
    period -= period % 2
    made = copy_of(jpeg(stripes(*size, period)))
    assert contrast(made, (0, 0, *size)) < 110, "of 255"


def test_a_face_of_a_fifteenth_of_the_picture_is_no_more_than_five_tiles_across() -> None:
    assert COARSE / 15 < 5


def test_inside_the_box_of_a_thing_it_is_finer_and_outside_it_is_not() -> None:
    # Stripes that a coarse tile swallows and a fine one shows.
    picture = stripes(1024, 576, 16)
    made = copy_of(jpeg(picture), [(0.25, 0.25, 0.5, 0.5)])
    assert contrast(made, (280, 160, 480, 270)) > 200
    assert contrast(made, (700, 300, 1000, 560)) < 60
    assert contrast(copy_of(jpeg(picture)), (280, 160, 480, 270)) < 60


def test_inside_the_box_writing_on_a_plate_does_not_survive() -> None:
    tile = 1024 // FINE
    made = copy_of(jpeg(stripes(1024, 576, tile)), [(0.0, 0.0, 1.0, 1.0)])
    assert contrast(made, (100, 100, 900, 500)) < 60


def test_a_copy_carries_none_of_the_originals_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker of the phone"
    exif[0x8825] = {1: "N", 2: (30.0, 0.0, 0.0)}
    original = jpeg(Image.new("RGB", (320, 180), "red"), exif=exif, comment=b"taken by somebody")
    assert b"Maker of the phone" in original
    made = copy_of(original)
    assert b"Maker of the phone" not in made
    assert b"somebody" not in made
    assert not Image.open(io.BytesIO(made)).getexif()


@pytest.mark.parametrize("body", [b"", b"\xff\xd8\xff\xe0 not much", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_has_no_copy(body: bytes) -> None:
    with pytest.raises(NoCopy):
        copy_of(body)


def test_a_picture_that_claims_to_be_huge_is_not_opened() -> None:
    body = bytearray(jpeg(Image.new("RGB", (64, 64))))
    at = body.index(b"\xff\xc0") + 5
    body[at : at + 4] = (60_000).to_bytes(2, "big") * 2
    with pytest.raises(NoCopy):
        copy_of(bytes(body))


def test_the_blank_is_a_picture() -> None:
    assert Image.open(io.BytesIO(blank())).size == (320, 180)


@given(st.lists(st.tuples(*[st.floats(-1, 2)] * 4), max_size=3))
@settings(max_examples=30, deadline=None)
def test_no_box_breaks_a_copy(boxes: list[tuple[float, float, float, float]]) -> None:
    made = copy_of(jpeg(Image.new("RGB", (160, 90))), boxes)
    assert Image.open(io.BytesIO(made)).size == (160, 90)
