"""The words of `gridwatch` that the cloud owns."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from cloud import cli
from cloud.areas import command as areas
from cloud.incidents import audit_command as audit
from cloud.keeping import command as keeping
from cloud.sources import command as hotline

COMMANDS: dict[str, tuple[Callable[[ArgumentParser], None], Callable[[Namespace], int]]] = {
    "cloud": (cli.configure, cli.run),
    "areas": (areas.configure, areas.run),
    "audit": (audit.configure, audit.run),
    "backup": (keeping.configure_backup, keeping.run_backup),
    "restore": (keeping.configure_restore, keeping.run_restore),
    "upgrade": (keeping.configure_upgrade, keeping.run_upgrade),
    "hotline": (hotline.configure, hotline.run),
}
