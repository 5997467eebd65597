"""No payload, however broken or large, stops a decoder or costs a neighbour its reading."""

import os

import pytest

from tests.fuzz.decoders import ALL, CORPUS, check, fuzz, kept, target

ROUNDS = 300
CRASHES = sorted(CORPUS.glob("*.json"))


@pytest.mark.parametrize("name", ALL)
def test_no_damaged_message_stops_a_decoder_or_its_neighbour(name):
    assert fuzz(name, seed=20261122, rounds=ROUNDS) == ROUNDS


@pytest.mark.long
@pytest.mark.parametrize("name", ALL)
def test_no_damaged_message_of_a_minute_stops_a_decoder_or_its_neighbour(name):
    assert fuzz(name, seed=int.from_bytes(os.urandom(4), "big"), seconds=60) > ROUNDS


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: path.stem)
def test_what_broke_a_decoder_once_does_so_no_more(path):
    name, message = kept(path)
    check(target(name), message)
