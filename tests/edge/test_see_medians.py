"""The median by counting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.see.medians import BINS, counted_median

some = st.lists(st.floats(-2.0, 20.0, width=32), min_size=1, max_size=60)


@given(some)
def test_it_lies_between_the_two_in_the_middle_to_a_bin(values):
    ranked = sorted(np.clip(np.array(values, np.float32), 0.0, 16.0))
    found = counted_median(np.array([values], np.float32), 0.0, 16.0)
    bin_width = 16.1 / BINS
    assert ranked[(len(ranked) - 1) // 2] - bin_width <= found <= ranked[len(ranked) // 2] + bin_width


@given(some, st.integers(0, 2**32 - 1))
def test_only_those_asked_for_count(values, seed):
    among = np.random.default_rng(seed).integers(0, 2, (1, len(values)), np.uint8)
    among[0, 0] = 1
    both = np.array([values], np.float32)
    assert counted_median(both, 0.0, 16.0, among) == counted_median(both[among > 0][None], 0.0, 16.0)
