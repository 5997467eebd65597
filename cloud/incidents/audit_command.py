"""`gridwatch audit verify`: proves the logs of an install, or of one exported case."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud import cli
from cloud.errors import CloudError
from cloud.incidents import audit
from cloud.incidents.casefile import CaseFile, file_fault
from cloud.incidents.proof import Fault
from cloud.settings import settings_from


def configure(parser: ArgumentParser) -> None:
    """Options of `gridwatch audit`."""
    helpers = parser.add_subparsers(dest="helper", required=True, metavar="WHAT")
    verify = helpers.add_parser("verify", help="prove that no line of a log was changed, and none is gone")
    verify.add_argument("--file", type=Path, help="an exported case, instead of the install's logs")
    verify.add_argument(
        "--expect", type=_digest, metavar="HEX", help="an anchor's digest that was written down earlier"
    )
    verify.add_argument(
        "--state", type=Path, default=cli.DEFAULT_STATE, help="the install's own directory (%(default)s)"
    )


def run(options: Namespace) -> int:
    """Prove it; each fault is one line, exit code 1."""
    try:
        if options.file is not None:
            return _tell(*_of_file(options.file))
        settings = settings_from(options.state)
        faults: list[Fault] = []

        async def work(engine: AsyncEngine) -> str:
            proof = await audit.verify(engine, options.expect)
            faults.extend(proof.faults)
            last = proof.digest.hex() if proof.digest else "none yet"
            return f"{proof.cases} cases, {proof.lines} lines, {proof.anchors} anchors; last digest: {last}"

        return _tell(cli.in_database(settings, work), faults)
    except CloudError as error:
        print(f"gridwatch audit: {error}", file=sys.stderr)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        print(f"gridwatch audit: {options.file}: {where}: {first['msg']}", file=sys.stderr)
    except (SQLAlchemyError, OSError) as error:
        print(f"gridwatch audit: {type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr)
    return 1


def _of_file(path: Path) -> tuple[str, list[Fault]]:
    file = CaseFile.model_validate_json(path.read_bytes())
    fault = file_fault(file)
    return f"case {file.number}: {len(file.log)} lines", [fault] if fault else []


def _tell(looked_at: str, faults: Sequence[Fault]) -> int:
    for one in faults:
        whose = f"case {one.incident_id}" if one.incident_id else "anchors"
        print(f"{one.what}: {whose}: {one.said}", file=sys.stderr)
    print(f"{looked_at}: {'NOT INTACT' if faults else 'intact'}")
    return 1 if faults else 0


def _digest(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise ArgumentTypeError("64 hex digits")
    return found
