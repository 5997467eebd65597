"""The demo's lines, on a terminal and in a file."""

from __future__ import annotations

import io
import os

from simulators.progress import EVERY, Teller


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_its_line_rewritten_and_what_is_said_takes_its_place():
    out = Terminal()
    teller = Teller(out)
    for done in range(3):
        teller.progress(f"{done} of 3")
    teller.say("all there")
    teller.say("go on")
    assert out.getvalue() == "\r\x1b[K0 of 3\r\x1b[K1 of 3\r\x1b[K2 of 3\r\x1b[Kall there\ngo on\n"


def test_a_line_too_long_for_the_terminal_is_cut_because_it_could_not_be_erased(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    Teller(out).progress("x" * 100)
    assert out.getvalue().count("x") == 19


def test_a_file_gets_a_line_now_and_then():
    out, now = io.StringIO(), [100.0]
    teller = Teller(out, lambda: now[0])
    for tenth in range(101):
        now[0] = 100.0 + tenth / 10
        teller.progress(f"{tenth} of 100")
    assert out.getvalue().splitlines() == ["50 of 100", "100 of 100"]
    assert EVERY == 5.0


def test_nobody_who_reads_is_no_reason_to_end():
    reading, writing = os.pipe()
    os.close(reading)
    pipe = os.fdopen(writing, "w")
    teller = Teller(pipe)
    teller.say("is anybody there?")
    teller.say("then I go on")
    os.dup2(os.open(os.devnull, os.O_WRONLY), writing)  # so that closing it finds somebody
    pipe.close()
