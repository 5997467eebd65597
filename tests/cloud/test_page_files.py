from __future__ import annotations

import gzip
import os
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from cloud import page_files

pytestmark = pytest.mark.anyio
SCRIPT = "say('网格哨');\n" * 200


async def ask(file: Path, accepted: str) -> httpx.Response:
    app = FastAPI()

    @app.get("/it")
    async def it(request: Request) -> Response:
        return await page_files.answer(request, file, "no-cache")

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://it") as http:
        return await http.get("/it", headers={"Accept-Encoding": accepted})


def written_as(file: Path, text: str) -> Path:
    file.write_text(text)
    os.utime(file, (len(text), len(text)))
    return file


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "app-1.js"
    file.write_text(SCRIPT)
    return file


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", "*", "br;q=1.0, gzip;q=0.5"])
async def test_text_goes_compressed_to_who_takes_it(script: Path, accepted: str) -> None:
    answer = await ask(script, accepted)
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(SCRIPT) / 10
    assert (answer.text, answer.headers["vary"]) == (SCRIPT, "Accept-Encoding")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip; q=0.000, br"])
async def test_and_as_it_is_to_who_does_not(script: Path, accepted: str) -> None:
    answer = await ask(script, accepted)
    assert "content-encoding" not in answer.headers
    assert (answer.text, answer.headers["vary"]) == (SCRIPT, "Accept-Encoding")


async def test_pictures_and_typefaces_are_left_alone(tmp_path: Path) -> None:
    font = tmp_path / "a.woff2"
    font.write_bytes(gzip.compress(b"type"))
    answer = await ask(font, "gzip")
    assert "content-encoding" not in answer.headers
    assert answer.content == font.read_bytes()


@pytest.mark.parametrize("written", [SCRIPT, "new"])
async def test_a_page_built_anew_is_compressed_anew(
    tmp_path_factory: pytest.TempPathFactory, written: str
) -> None:
    """The same name at another time, in the same process."""
    assert (
        await ask(written_as(tmp_path_factory.getbasetemp() / "app-2.js", written), "gzip")
    ).text == written
