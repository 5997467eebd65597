"""What the documents name is there: files, functions, links, commands, targets, and site files that load."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from cloud.push.policy import PushPolicy
from devices.site.joins import IncidentJoin, Join
from devices.site.load import load_site
from edge.replay import load_zones
from gridwatch import WORDS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FRONT = ("README.md", "README.zh-CN.md")
TOP = "devices|edge|cloud|simulators|tests|scripts|docs|examples|requirements"
NAMED = re.compile(rf"`((?:{TOP}|gridwatch)(?:/[\w.*-]+)*/?(?:\.\w+)?)(?::([A-Za-z_][\w.]*))?`")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|\ssrc=\"([^\"]+)\"")
MADE = ("cloud/web/dist", "cloud/web/node_modules")
"""Made by set-up, so absent from a fresh clone."""


def page(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return BLOCK.sub("", path.read_text(encoding="utf-8"))


def blocks(path: Path, *languages: str) -> list[str]:
    return [
        text for language, text in BLOCK.findall(path.read_text(encoding="utf-8")) if language in languages
    ]


def defined(file: Path) -> set[str]:
    """The names that a module defines at its top, and `Class.member`."""
    return set(names_in(ast.parse(file.read_text(encoding="utf-8")).body, ""))


def names_in(body: list[ast.stmt], before: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield before + node.name
            if isinstance(node, ast.ClassDef):
                yield from names_in(node.body, f"{before}{node.name}.")
        elif isinstance(node, ast.Assign):
            yield from (before + target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield before + node.target.id


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_every_file_and_function_that_a_page_names_is_there(path: Path) -> None:
    missing = []
    for name, member in NAMED.findall(prose(path)):
        if "/" not in name and not name.endswith(".py"):
            continue
        if name.startswith(MADE):
            continue
        found = list(ROOT.glob(name.rstrip("/")))
        if not found or (member and member not in defined(found[0])):
            missing.append(f"{name}:{member}" if member else name)
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_every_link_between_pages_leads_somewhere(path: Path) -> None:
    targets = [link or source for link, source in LINK.findall(prose(path)) if "://" not in link + source]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def shown_commands(path: Path) -> Iterator[list[str]]:
    """The command lines in a page's shell blocks, as words; without the variables set before them."""
    for block in blocks(path, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*|export", words[0]):
                words = words[1:]
            if words:
                yield words


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_every_command_that_a_page_shows_is_understood(path: Path) -> None:
    for words in shown_commands(path):
        if Path(words[0]).name == "gridwatch":
            understood(words[1:])
        elif words[0] == "make":
            targets = re.findall(
                r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
            )
            assert set(words[1:]) <= set(targets)
        elif words[1:2] == ["-m"]:
            assert (ROOT / (words[2].replace(".", "/") + ".py")).exists() or words[2] == "tests.bench"


def understood(words: list[str]) -> None:
    """Let the word's own parser read the rest; a word or option that it does not know ends the test."""
    package, _ = WORDS[words[0]]
    configure, _ = importlib.import_module(f"{package}.commands").COMMANDS[words[0]]
    parser = argparse.ArgumentParser(prog=f"gridwatch {words[0]}")
    configure(parser)
    parser.parse_args(words[1:])


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_every_site_and_zone_file_that_a_page_shows_loads(path: Path, tmp_path: Path) -> None:
    for block in blocks(path, "yaml"):
        file = tmp_path / "shown.yaml"
        file.write_text(block, encoding="utf-8")
        if re.search(r"^zones:", block, re.MULTILINE):
            assert load_zones(file, None)
        elif shown := re.match(r"(incident_)?joins:", block):
            kind = IncidentJoin if shown[1] else Join
            assert TypeAdapter(list[kind]).validate_python(yaml.safe_load(block)[shown[0][:-1]])
        elif block.startswith("page:"):
            assert PushPolicy.model_validate(yaml.safe_load(block)).page
        else:
            assert load_site(file).points


@pytest.mark.parametrize("name", FRONT)
def test_the_front_page_shows_every_word_of_the_command(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [word for word in WORDS if f"gridwatch {word}" not in text] == []


def test_both_front_pages_show_the_same_commands_and_pictures() -> None:
    english, chinese = (ROOT / name for name in FRONT)
    assert list(shown_commands(english)) == list(shown_commands(chinese))
    pictures = [
        re.findall(r"docs/(?:images|screens)/[\w.-]+", file.read_text(encoding="utf-8"))
        for file in (english, chinese)
    ]
    assert pictures[0] == pictures[1]


def test_every_design_page_is_in_the_index() -> None:
    folder = ROOT / "docs" / "design"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [
        file.name
        for file in folder.glob("*.md")
        if file.name != "README.md" and f"({file.name})" not in index
    ] == []


def test_the_page_of_dependencies_names_every_one_that_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    python = [re.split(r"[^\w.-]", one)[0] for part in (project["dependencies"], *extras) for one in part]
    package = json.loads((ROOT / "cloud/web/package.json").read_text(encoding="utf-8"))
    named = (ROOT / "docs/design/dependencies.md").read_text(encoding="utf-8")
    wanted = {*python, *package["dependencies"], *package["devDependencies"]}
    listed = set(re.findall(r"[@\w./-]+", "\n".join(re.findall(r"^\| ([^|]+) \|", named, re.MULTILINE))))
    assert sorted(wanted - listed) == []
