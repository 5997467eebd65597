from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import TokenMissing
from edge.send import token_from


def test_the_variable_holds_the_token() -> None:
    assert token_from({"GRIDWATCH_NODE_TOKEN": "abc\n"})() == "abc"


def test_the_file_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old\n")
    read = token_from({"GRIDWATCH_NODE_TOKEN_FILE": str(path)})
    assert read() == "old"
    path.write_text("new\n")
    assert read() == "new"


def test_without_either_the_variables_are_named() -> None:
    with pytest.raises(TokenMissing, match="GRIDWATCH_NODE_TOKEN_FILE"):
        token_from({})()


def test_an_unreadable_file_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(TokenMissing, match="GRIDWATCH_NODE_TOKEN_FILE: the file cannot be read"):
        token_from({"GRIDWATCH_NODE_TOKEN_FILE": str(tmp_path / "none")})()
