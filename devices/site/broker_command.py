"""`gridwatch broker`: what the site's MQTT broker must know, in mosquitto's formats."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path, PurePosixPath

from devices.errors import CredentialsError, DevicesError
from devices.site import broker, mosquitto
from devices.site.load import load_site

_SITE = "the site file"


def configure(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    config = what.add_parser("config", help="print the broker's configuration (mosquitto.conf)")
    config.add_argument("site", type=Path, metavar="SITE", help=_SITE)
    config.add_argument(
        "--under", type=PurePosixPath, default=PurePosixPath("/mosquitto"), metavar="FOLDER",
        help="absolute; holds config/, tls/ and data/ at the broker; %(default)s unless given",
    )  # fmt: skip
    acl = what.add_parser("acl", help="print the access list (mosquitto's `acl_file`)")
    acl.add_argument("site", type=Path, metavar="SITE", help=_SITE)
    words = "print the hashed passwords (mosquitto's `password_file`)"
    passwords = what.add_parser("passwords", help=words)
    passwords.add_argument("site", type=Path, metavar="SITE", help=_SITE)
    passwords.add_argument(
        "secrets", type=Path, metavar="SECRETS",
        help="the plain ones, lines `user password`, mode 0600; those missing are made and added",
    )  # fmt: skip
    certs = what.add_parser("certs", help="make the certificates of the broker and all its users")
    certs.add_argument("site", type=Path, metavar="SITE", help=_SITE)
    certs.add_argument("folder", type=Path, metavar="FOLDER", help="takes them; what is good there stays")
    certs.add_argument(
        "--also", action="append", default=[], metavar="NAME",
        help="another name or address of the broker; repeat it",
    )  # fmt: skip
    certs.add_argument("--days", type=int, default=730, help="how long they last; %(default)s unless given")
    revoke = what.add_parser("revoke", help="make a stolen certificate void; `certs` then makes a new one")
    revoke.add_argument("folder", type=Path, metavar="FOLDER", help="the one that `certs` made")
    revoke.add_argument("user", metavar="USER", help="the sensor or node")


def run(options: Namespace) -> int:
    """Do what was asked for; 1 with a clear line when that cannot be done."""
    try:
        if options.what in ("certs", "revoke"):
            _certificates(options)
            return 0
        site = load_site(options.site)
        if options.what == "config":
            if not options.under.is_absolute():
                raise CredentialsError(f"--under: {options.under} must be an absolute path")
            sys.stdout.write(mosquitto.config(site.broker, mosquitto.files_under(options.under)))
        elif options.what == "acl":
            sys.stdout.write(broker.acl(site))
        else:
            plain = broker.passwords(options.secrets, broker.users(site))
            sys.stdout.write(broker.password_file(plain))
    except DevicesError as error:
        print(f"gridwatch broker: {error}", file=sys.stderr)
        return 1
    return 0


def _certificates(options: Namespace) -> None:
    try:
        from devices.site.certificates import Authority, today
    except ImportError:
        raise CredentialsError("needs the package cryptography: .venv/bin/pip install cryptography") from None
    if options.what == "revoke":
        Authority(options.folder, today()).revoke(options.user)
        print(f"{options.user}: void. Give the broker the new broker/revoked.pem and restart it")
        return
    site = load_site(options.site)
    authority = Authority(options.folder, today())
    authority.make([site.broker.host, *options.also], broker.users(site), options.days)
    for name in authority.made:
        print(name)
