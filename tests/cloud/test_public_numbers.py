from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.incidents.numbers import incident_number
from cloud.public.codes import ALPHABET, check_character, fits, parse, public_number

SECRET = bytes(range(32))
NUMBERS = st.builds(
    incident_number, st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(1, 9_999_999)
)
PLAIN = st.text(ALPHABET, min_size=1, max_size=30)


def plain(text: str) -> str:
    return text.replace("-", "")


@given(NUMBERS)
def test_a_public_number_leads_back_to_its_case_however_it_is_written(number: str) -> None:
    public = public_number(SECRET, number)
    for text in (
        public,
        public.lower(),
        plain(public),
        f" {public.replace('-', ' ')} ",
        public.replace("0", "o"),
    ):
        found = parse(text)
        assert found is not None
        assert found.number == number
        assert fits(SECRET, found)
        assert not fits(bytes(32), found)
    wide = public.translate({ord("-"): "\uff0d"} | {48 + n: 0xFF10 + n for n in range(10)})
    assert parse(wide) == found


@given(NUMBERS)
def test_every_single_error_and_every_swap_of_neighbours_is_found(number: str) -> None:
    public = plain(public_number(SECRET, number))
    for at, right in enumerate(public):
        for wrong in ALPHABET:
            assert wrong == right or parse(public[:at] + wrong + public[at + 1 :]) is None
        swapped = public[:at] + public[at + 1 : at + 2] + right + public[at + 2 :]
        assert swapped == public or parse(swapped) is None


@given(PLAIN, st.data())
def test_the_check_character_alone_finds_every_error_and_every_swap_at_any_distance(
    text: str, data: st.DataObject
) -> None:
    whole = text + check_character(text)
    at = data.draw(st.integers(0, len(whole) - 1))
    for wrong in ALPHABET:
        bad = whole[:at] + wrong + whole[at + 1 :]
        assert wrong == whole[at] or check_character(bad[:-1]) != bad[-1]
    for other in range(len(whole)):
        letters = list(whole)
        letters[at], letters[other] = letters[other], letters[at]
        bad = "".join(letters)
        assert bad == whole or check_character(bad[:-1]) != bad[-1]


@given(st.text(max_size=80))
def test_whatever_people_type_is_understood_or_refused_and_raises_nothing(text: str) -> None:
    found = parse(text)
    assert found is None or public_number(SECRET, found.number).startswith(found.number)


@pytest.mark.parametrize("text", ["", "-", "20261122-00042-5", "U" * 24, "0" * 65])
def test_what_cannot_be_a_public_number_is_none(text: str) -> None:
    assert parse(text) is None
