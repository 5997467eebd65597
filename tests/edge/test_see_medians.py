"""Quantiles by counting."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.see.medians import BINS, counted_quantile

some = st.lists(st.floats(-2.0, 20.0, width=32), min_size=1, max_size=60)


@given(some, st.sampled_from([0.25, 0.5, 0.9]))
def test_it_lies_between_its_two_neighbours_to_a_bin(values, share):
    ranked = sorted(np.clip(np.array(values, np.float32), 0.0, 16.0))
    found = counted_quantile(np.array([values], np.float32), share, 0.0, 16.0)
    bin_width = 16.1 / BINS
    below = max(0, math.ceil(share * len(ranked)) - 1)
    above = min(len(ranked) - 1, math.floor(share * len(ranked)))
    assert ranked[below] - bin_width <= found <= ranked[above] + bin_width


@given(some, st.integers(0, 2**32 - 1))
def test_only_those_asked_for_count(values, seed):
    among = np.random.default_rng(seed).integers(0, 2, (1, len(values)), np.uint8)
    among[0, 0] = 1
    both = np.array([values], np.float32)
    assert counted_quantile(both, 0.5, 0.0, 16.0, among) == counted_quantile(
        both[among > 0][None], 0.5, 0.0, 16.0
    )
