"""Addresses and keys of channels: in the environment, or in files that it names; nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cloud.errors import SettingsError
from cloud.outgoing import NotSent
from cloud.push.policy import Channel
from cloud.settings import secret


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a channel's messages go."""

    address: str = field(repr=False)
    key: str | None = field(default=None, repr=False)


def lane_of(channel: Channel, names: Mapping[str, str]) -> str | None:
    """The name of the variable that holds the address; None: the place has no such grid or group."""
    try:
        return re.sub(r"\{(\w+)\}", lambda found: _capital(names[found[1]]), channel.address)
    except KeyError:
        return None


def secret_of(lane: str, environment: Mapping[str, str]) -> Secret:
    """The address in variable `lane`, read anew each time: it may be changed while we run.

    Raises:
        NotSent: it is not there or cannot be read.
    """
    try:
        address, key = secret(lane, environment), secret(f"{lane}_KEY", environment)
    except SettingsError as error:
        raise NotSent(str(error)) from None
    if not address:
        raise NotSent(f"not configured: {lane} is not set")
    return Secret(address, key or None)


def _capital(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", text.upper())
