"""Which readings were already had, of devices that carry no counter."""

import random
from datetime import timedelta

import pytest

from devices.sensors.identity import by_arrival, by_time
from edge.keep.heard import LATELY
from tests.edge.points_for_tests import NOON, open_store


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def arrived(seconds, mid, *, again=False, payload=b"ON"):
    return by_arrival(NOON + timedelta(seconds=seconds), "door", payload, mid, again=again)


def test_a_time_that_comes_again_is_had_and_an_older_one_is_not(store):
    with store.transaction() as tx:
        for hours in (0, 5, 1, 9):
            known = by_time(NOON + timedelta(hours=hours), b"x")
            assert tx.mark_reading("s.tilt", *known)
            assert not tx.mark_reading("s.tilt", *known)
            assert tx.mark_reading("s.open", *known)
        for hours in (0, 5, 1, 9):
            assert not tx.mark_reading("s.tilt", *by_time(NOON + timedelta(hours=hours), b"x"))


def test_what_the_broker_sends_again_is_had_whenever_it_comes(store):
    with store.transaction() as tx:
        assert tx.mark_reading("s.open", *arrived(0, 7))
        assert tx.mark_reading("s.open", *arrived(0, 8))
        assert not tx.mark_reading("s.open", *arrived(90_000, 7, again=True))
        assert tx.mark_reading("s.open", *arrived(90_000, 9, again=True))
        assert not tx.mark_reading("s.open", *arrived(99_000, 9, again=True))
        assert tx.mark_reading("s.open", *arrived(99_001, 7))


def test_only_so_many_are_remembered(store):
    with store.transaction() as tx:
        for mid in range(1, 2 * LATELY):
            assert tx.mark_reading("s.open", *arrived(mid, mid))
    size = store._book.connection.execute("SELECT length(seen) FROM heard WHERE sensor = 's.open'").fetchone()
    assert size == (8 * LATELY,)


@pytest.mark.parametrize("seed", range(4))
def test_any_mixture_of_new_and_redelivered_messages_counts_each_once(store, seed):
    """Against a model that remembers everything: each of a hundred in flight may come again, in any order."""
    chance = random.Random(seed)
    counted, sent = 0, []
    with store.transaction() as tx:
        for at in range(400):
            if sent and chance.random() < 0.4:
                mid, payload = chance.choice(sent[-100:])
                assert not tx.mark_reading("s.open", *arrived(at, mid, again=True, payload=payload))
            else:
                message = at + 1, chance.choice([b"ON", b"OFF"])
                sent.append(message)
                counted += tx.mark_reading("s.open", *arrived(at, message[0], payload=message[1]))
    assert counted == len(sent)
