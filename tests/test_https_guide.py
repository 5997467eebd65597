"""The HTTPS guide's own commands, run as they stand: what comes of them is trusted, and by nobody else."""

from __future__ import annotations

import re
import ssl
import subprocess
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "https.md"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What the first block of commands leaves in its folder."""
    commands = re.search(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert commands is not None
    subprocess.run(["bash", "-e", "-c", commands[1]], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def shake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """A handshake in memory: who asks for `name` meets `server`."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        server.wrap_bio(up, down, server_side=True),
        client.wrap_bio(down, up, server_hostname=name),
    )
    done = [False, False]
    for _ in range(10):
        for at, end in enumerate(ends):
            try:
                end.do_handshake()
                done[at] = True
            except ssl.SSLWantReadError:
                continue
    assert done == [True, True]


def test_its_certificate_is_good_for_the_name_and_the_address_to_whoever_trusts_its_authority(
    made: Path,
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made / "gridwatch.pem", made / "gridwatch.key")
    told = ssl.create_default_context(cafile=str(made / "ca.pem"))
    for name in ("gridwatch.office.lan", "192.0.2.10"):
        shake(server, told, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server, told, "192.0.2.11")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server, ssl.create_default_context(), "192.0.2.10")
    assert (made / "ca.key").stat().st_mode & 0o077 == 0
