from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cloud.webhooks.events import ENDS, again, envelope, event_id, wants
from cloud.webhooks.signing import signed

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CASE = UUID("019a0000-0000-7000-8000-000000000001")


def test_a_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks specification and of its reference libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = dict(signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at))
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"
    content = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    right = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{right}"


def test_an_event_has_one_id_for_ever_and_the_same_bytes() -> None:
    assert event_id(CASE, 3) == event_id(CASE, 3)
    assert len({event_id(CASE, version) for version in range(1000)}) == 1000
    event = SimpleNamespace(
        event_id=event_id(CASE, 1),
        kind="incident.open",
        incident_id=CASE,
        at=START,
        seq=7,
        data={"b": 1, "a": 2},
    )
    assert envelope(event) == envelope(event)
    assert b'"specversion":"1.0"' in envelope(event)
    assert b'"time":"2026-11-22T04:00:00Z"' in envelope(event)


@given(st.integers(1, 60), st.none() | st.floats(0, 1e9), st.floats(0, 1))
def test_waits_grow_are_spread_and_have_an_end(tries, asked, chance) -> None:
    wait = again(tries, asked, chance)
    assert timedelta(seconds=5) <= wait <= timedelta(seconds=3600 * 1.2)
    assert again(tries, asked, 0) <= wait <= again(tries + 1, asked, 1)
    total = sum((again(one, None, 0) for one in range(1, 60)), timedelta())
    assert total > ENDS


def test_a_subscription_takes_what_it_asked_for() -> None:
    assert wants(["incident.*"], [], "incident.open", ["G01"])
    assert wants(["incident.open"], ["C1"], "incident.open", ["G01", "C1", "S"])
    assert not wants(["incident.open"], ["C2"], "incident.open", ["G01", "C1", "S"])
    assert not wants(["incident.open"], [], "incident.close", [])
    assert not wants(["incid.*"], [], "incident.close", [])
