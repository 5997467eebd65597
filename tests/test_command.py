"""The `gridwatch` command itself."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

import gridwatch
from gridwatch import CLOSED, WORDS, main

SITE = str(Path(gridwatch.__file__).parent / "examples" / "street" / "site.yaml")


def ran(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gridwatch", *words], capture_output=True, text=True, timeout=60, **options
    )


def test_help_lists_every_word_with_what_it_does(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for word, (_, summary) in WORDS.items():
        assert word in shown
        assert summary in shown


@pytest.mark.parametrize("word", WORDS)
def test_every_word_explains_itself_and_is_answered_by_its_package(word, capsys):
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0
    assert f"usage: gridwatch {word}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["fly"], [], ["check", "--fly"], ["--fly"]])
def test_an_unknown_word_is_wrong_usage(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("usage: gridwatch")


def test_only_the_package_that_was_asked_for_is_loaded():
    show = (
        "import sys, gridwatch\ntry:\n    gridwatch.main(['check', '--help'])\nexcept SystemExit:\n"
        "    loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "    print(sorted(loaded & {'edge', 'cloud', 'simulators', 'cv2', 'fastapi', 'av'}))"
    )
    shown = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, timeout=60)
    assert shown.stdout.splitlines()[-1] == "[]", shown.stderr


@pytest.mark.parametrize(
    ("word", "library", "advice"),
    [
        ("edge", "onnxruntime", "with its extra [edge]"),
        ("cloud", "fastapi", "with its extra [cloud]"),
        ("demo", "lxml", "with its extra [simulators]"),
        ("check", "yaml", "again"),
    ],
)
def test_a_missing_library_is_one_line_that_names_it_and_the_extra(word, library, advice):
    code = (
        f"import sys; sys.modules[{library!r}] = None; import gridwatch; sys.exit(gridwatch.main([{word!r}]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        f"gridwatch {word}: needs the Python package {library!r}; install gridwatch {advice}\n"
    )


def test_a_defect_of_our_own_is_not_taken_for_a_missing_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "edge.commands", None)
    with pytest.raises(ModuleNotFoundError, match=r"edge\.commands"):
        main(["edge"])


def test_the_exit_code_is_that_of_the_word(monkeypatch):
    def configure(parser) -> None:
        parser.add_argument("--code", type=int)

    commands = SimpleNamespace(COMMANDS={"check": (configure, lambda options: options.code)})
    monkeypatch.setitem(sys.modules, "devices.commands", commands)
    assert main(["check", "--code", "7"]) == 7


@contextmanager
def nobody_reads() -> Iterator[int]:
    """The end of a pipe whose reader has gone, as `| head` leaves it."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "words",
    [["--help"], ["check", SITE], ["check", "--schema"]],
    ids=" ".join,
)
def test_a_reader_that_has_seen_enough_ends_it_without_a_word(words):
    with nobody_reads() as stdout:
        ended = subprocess.run(
            [sys.executable, "-m", "gridwatch", *words],
            stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert ended.stderr == ""
    assert ended.returncode in (0, CLOSED)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_ends_quietly_when_nobody_reads_its_help(word, monkeypatch, capsys):
    with nobody_reads() as writer:
        stdout = io.TextIOWrapper(io.FileIO(writer, "w", closefd=False), write_through=False)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main([word, "--help"]) == CLOSED
        stdout.close()
    assert capsys.readouterr().err == ""


def test_a_word_that_is_cut_short_in_the_middle_still_cleans_up(monkeypatch):
    cleaned = []

    def run(options) -> int:
        try:
            while True:
                print("line " * 1000)
        finally:
            cleaned.append(True)

    commands = SimpleNamespace(COMMANDS={"check": (lambda parser: None, run)})
    monkeypatch.setitem(sys.modules, "devices.commands", commands)
    with nobody_reads() as writer:
        stdout = io.TextIOWrapper(io.FileIO(writer, "w", closefd=False))
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main(["check"]) == CLOSED
        stdout.close()
    assert cleaned == [True]


def test_the_installed_command_and_the_module_are_the_same():
    assert ran("--help").stdout.startswith("usage: gridwatch [-h] COMMAND")
    assert gridwatch.main is main
