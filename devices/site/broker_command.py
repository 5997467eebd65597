"""`gridwatch broker`: what the site's MQTT broker must know, in mosquitto's formats."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from devices.errors import DevicesError
from devices.site import broker
from devices.site.load import load_site


def configure(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    acl = what.add_parser("acl", help="print the access list (mosquitto's `acl_file`)")
    acl.add_argument("site", type=Path, metavar="SITE", help="the site file")
    words = "print the hashed passwords (mosquitto's `password_file`)"
    passwords = what.add_parser("passwords", help=words)
    passwords.add_argument("site", type=Path, metavar="SITE", help="the site file")
    passwords.add_argument(
        "secrets", type=Path, metavar="SECRETS",
        help="the plain ones, lines `user password`, mode 0600; those missing are made and added",
    )  # fmt: skip


def run(options: Namespace) -> int:
    """Print what was asked for; 1 with a clear line when that cannot be done."""
    try:
        site = load_site(options.site)
        if options.what == "acl":
            sys.stdout.write(broker.acl(site))
        else:
            plain = broker.passwords(options.secrets, broker.users(site))
            sys.stdout.write(broker.password_file(plain))
    except DevicesError as error:
        print(f"gridwatch broker: {error}", file=sys.stderr)
        return 1
    return 0
