"""The words of `gridwatch` that the cloud owns."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from cloud import cli
from cloud.areas import command as areas
from cloud.incidents import audit_command as audit
from cloud.sources import command as hotline

COMMANDS: dict[str, tuple[Callable[[ArgumentParser], None], Callable[[Namespace], int]]] = {
    "cloud": (cli.configure, cli.run),
    "areas": (areas.configure, areas.run),
    "audit": (audit.configure, audit.run),
    "hotline": (hotline.configure, hotline.run),
}
