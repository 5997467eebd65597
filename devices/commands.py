"""The words of the `gridwatch` command that `devices` answers."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from devices.site import broker_command as broker
from devices.site import command as check

COMMANDS: dict[str, tuple[Callable[[ArgumentParser], None], Callable[[Namespace], int]]] = {
    "check": (check.configure, check.run),
    "broker": (broker.configure, broker.run),
}
