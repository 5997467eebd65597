"""By what a reading is known: a message that comes twice is one reading, and none is taken for another.

A reading is known by `(sensor, quantity, boot, seq)`, for ever and at the cloud too. Three ways to come by
the last two, best first:

* A device that counts and says when it began anew gives both. The store remembers a window of numbers.
* A device or a network server that sends a time along: `boot` is `TAKEN`, `seq` holds the second and a digest
  of what tells the message from others (an uplink's id and counter, or all of its bytes). A counter that a
  reboot sets to 0, as LoRaWAN's of an ABP device, thus loses nothing: another time is another reading.
* A message with neither, such as Zigbee2MQTT's by default: two of them may be alike and mean two things (a
  button pressed twice). `boot` is `ARRIVED`, `seq` holds the second of arrival and a digest of bytes, topic
  and the broker's packet id. One that the broker marks as sent before is `AGAIN`: it is the same as one kept
  lately with the same digest, since a broker sends it again under the same packet id (MQTT 5.0, section 4.4).

For the last two the store remembers the last numbers themselves (`edge.keep.heard`).
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

TAKEN = "@taken"
ARRIVED = "@arrived"
AGAIN = "@again"
"""No device's own boot: those have no @ (`devices.sensors.payload.boot_id`)."""
DIGEST_BITS = 21
"""With the 32 bits of a second below 2**53, which every JSON reader keeps; two of one device and quantity in
one second are taken for one in one of two million cases."""


def by_time(taken_at: datetime, token: bytes) -> tuple[str, int]:
    """Of a message that was taken at `taken_at` and is told from others of its second by `token`."""
    stamp = taken_at.isoformat(timespec="microseconds").encode()
    return TAKEN, _joined(taken_at, stamp + b"\0" + token)


def by_arrival(
    received_at: datetime, topic: str, payload: bytes, mid: int, *, again: bool
) -> tuple[str, int]:
    """Of a message that carries nothing of its own; `mid` is 0 where the broker does not number it.

    Without a number it cannot come again (QoS 0), and its time of arrival tells it from its like.
    """
    told = str(mid) if mid else received_at.isoformat(timespec="microseconds")
    seq = _joined(received_at, f"{told}\0{topic}\0".encode(errors="surrogatepass") + payload)
    return (AGAIN if again and mid else ARRIVED), seq


def digest_of(seq: int) -> int:
    """What is left of `seq` without the second."""
    return seq & (1 << DIGEST_BITS) - 1


def _joined(at: datetime, token: bytes) -> int:
    digest = int.from_bytes(blake2b(token, digest_size=4).digest(), "big")
    second = min(max(int(at.timestamp()), 0), 2**32 - 1)
    return second << DIGEST_BITS | digest_of(digest)
