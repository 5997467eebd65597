"""Codes of areas: the digit that is wrong is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.site.codes import PROVINCES, code_fault, code_findings
from devices.site.model import Area
from tests.devices.tilings import tiling

three = st.integers(1, 599).map("{:03d}".format)


@given(
    st.sampled_from(sorted(PROVINCES)), st.integers(1, 99), st.integers(0, 99), three, three,
    st.integers(1, 999),
)  # fmt: skip
def test_a_code_of_the_standard_s_form_is_taken(
    province: str, prefecture: int, county: int, town: str, community: str, grid: int
) -> None:
    code = f"{province}{prefecture:02d}{county:02d}{town}{community}{grid:03d}"
    assert code_fault(code, "grid") is None
    assert code_fault(code[:12], "community") is None
    assert code_fault(code[:9], "street") is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("33010600100200", "has 14 digits, a grid's has 15"),
        ("3301060010020011", "has 16 digits"),
        ("33010600100A001", "digit 12 of '33010600100A001' is 'A', which is no digit"),
        ("33010600100200１", "digit 15"),  # a full-width digit
        ("030106001002001", "digit 1 of 030106001002001 is 0, no province is 03"),
        ("380106001002001", "digit 2 of 380106001002001 is 8, no province is 38"),
        ("330006001002001", "digits 3 and 4 of 330006001002001 are 00"),
        ("330106000002001", "digits 7 to 9 of 330106000002001 are 000, which names no township"),
        ("330106601002001", "digit 7 of 330106601002001 is 6, a township's three digits are 001 to 599"),
        ("330106001000001", "digits 10 to 12 of 330106001000001 are 000"),
        ("330106001702001", "digit 10 of 330106001702001 is 7"),
        ("330106001002000", "digits 13 to 15 of 330106001002000 are 000, which names no grid"),
    ],
)
def test_what_is_wrong_with_a_code_is_said_with_its_digit(code: str, said: str) -> None:
    assert said in (code_fault(code, "grid") or "")


def test_cities_without_districts_have_no_county() -> None:
    assert code_fault("441900003001001", "grid") is None, "Dongguan"


def changed(areas: list[Area], identity: str, code: str) -> list[str]:
    put = [area.model_copy(update={"code": code}) if area.id == identity else area for area in areas]
    return [finding.what for finding in code_findings(put)]


def test_a_code_given_twice_or_of_another_community_is_refused() -> None:
    areas = tiling(2, [1, 1], 1)
    assert changed(areas, "G1-2", "990101001001001") == ["G1-2 has the code 990101001001001 of G1-1"]
    (what,) = changed(areas, "G1-2", "990101001002009")
    assert what == (
        "G1-2 belongs to C1 (990101001001), but digit 12 of its code 990101001002009 is 2 and not 1"
    )
    assert changed(areas, "S", "99010100") == ["S: 99010100 has 8 digits, a street's has 9"]
