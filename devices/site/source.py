"""Read a YAML or GeoJSON file into plain values, keeping the line on which each of them stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from devices.errors import SiteError

Key = str | int
Trail = tuple[Key, ...]
"""Where a value stands in the tree: `("points", 3, "cameras", 0)`."""

MOST_REPEATS = 20_000
"""Values that aliases may repeat: enough for a rule shared by every zone, too few to fill the memory."""
DEEPEST = 100
"""Levels; a site needs about ten."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, for people."""

    file: str
    line: int
    path: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong (or, for a warning, doubtful) at one trail of the tree."""

    trail: Trail
    what: str
    fix: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding with its place: `file:line: path: what is wrong; fix`. Line 0: the file as a whole."""

    file: str
    line: int
    path: str
    what: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return (
            f"{place}: {self.path}: {self.what}; {self.fix}"
            if self.path
            else f"{place}: {self.what}; {self.fix}"
        )


class UnreadableError(SiteError):
    """A file cannot be read at all; `inspect_site` turns it into a report with this one fault."""

    def __init__(self, path: Path, line: int, what: str, fix: str) -> None:
        self.fault = Fault(str(path), line, "", what, fix)
        super().__init__(str(self.fault))


@dataclass(slots=True)
class Source:
    """What was read: the values, where each stands, and what was wrong with the writing itself."""

    file: str
    tree: Any = None
    places: dict[Trail, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def place(self, trail: Trail) -> Place:
        """Where `trail` stands; for what is not in the file, where it ought to be."""
        for length in range(len(trail), -1, -1):
            known = self.places.get(trail[:length])
            if known is not None:
                return Place(known.file, known.line, known.path + _joined(trail[length:], known.path))
        return Place(self.file, 1, shown(trail))


def shown(trail: Trail) -> str:
    """A trail as people write it: `points[3].cameras[0]`."""
    return _joined(trail, "")


def _joined(trail: Trail, before: str) -> str:
    text = ""
    for key in trail:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if before or text else key
    return text


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        UnreadableError: it is not there, may not be read, is empty or is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UnreadableError(path, 0, "there is no such file", "check its name and directory") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        # Its text holds the bytes of the file, which may be a secret: not chained.
        raise UnreadableError(
            path, line, "the file is not UTF-8", "save it with the encoding UTF-8"
        ) from None
    except OSError as error:
        raise UnreadableError(
            path, 0, f"cannot be read: {error.strerror}", "check the file and its rights"
        ) from error
    if not text.strip():
        raise UnreadableError(path, 1, "the file is empty", _BEGIN)
    return text


def read_yaml(path: Path) -> Source:
    """Read a YAML file.

    Raises:
        UnreadableError: as `read_text`, or the file is not YAML; the text on the line is not shown.
    """
    text = read_text(path)
    tree, source = _marked(path, text)
    source.tree = tree
    return source


def read_json(path: Path) -> Source:
    """Read a JSON file, with the same marks as YAML (which JSON is a part of).

    Raises:
        UnreadableError: as `read_text`, or the file is not JSON.

    """
    text = read_text(path)
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg[0].lower()}{error.msg[1:]}"
        raise UnreadableError(path, error.lineno, what, "look at this line and the one before it") from None
    except (ValueError, RecursionError):
        raise UnreadableError(
            path, 0, "holds a number too long or brackets too deep", "export it anew"
        ) from None
    # A tab is mere space in JSON and an error in YAML; inside a JSON text it cannot stand.
    _, source = _marked(path, text.replace("\t", " "))
    source.tree = tree
    return source


_DEEP = "brackets or indentation are nested too deeply"
_BEGIN = "begin from a copy of examples/street/site.yaml"


def _marked(path: Path, text: str) -> tuple[Any, Source]:
    source = Source(str(path))
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise UnreadableError(path, 1, "the file holds only comments", _BEGIN)
            return _Builder(loader, source).value(node, ()), source
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        # Not chained: YAML's own message shows the line, which may hold a secret.
        raise UnreadableError(path, *_not_yaml(text, error)) from None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's parser where PyYAML was built with it (ten times faster), else the one in Python."""

    depth = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Called as each value is entered; past the limit it stops, where libyaml would crash the process."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, _DEEP, current_node.start_mark)
        super().descend_resolver(current_node, current_index)

    def ascend_resolver(self) -> None:
        """Called as each value is left."""
        self.depth -= 1
        super().ascend_resolver()


class _Builder:
    """Turns YAML nodes into values; one use."""

    def __init__(self, loader: Any, source: Source) -> None:
        self._loader = loader
        self._source = source
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._repeats = 0

    def value(self, node: yaml.Node, trail: Trail) -> Any:
        self._repeats += id(node) in self._seen
        self._seen.add(id(node))
        if self._repeats > MOST_REPEATS or id(node) in self._open:
            raise yaml.constructor.ConstructorError(
                None, None, "its aliases (`*name`) repeat each other without end", node.start_mark
            )
        self._source.places.setdefault(
            trail, Place(self._source.file, node.start_mark.line + 1, shown(trail))
        )
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return dict(self._entries(node, trail))
            if isinstance(node, yaml.SequenceNode):
                return [self.value(child, (*trail, i)) for i, child in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            return self._loader.construct_object(node, deep=True)
        except (ValueError, KeyError, AttributeError):
            # What YAML 1.1 takes for a date or a number and Python cannot: 2026-13-01, !!int x, !!bool x.
            what = "a value looks like a date or number but is none"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from None

    def _entries(self, node: yaml.MappingNode, trail: Trail) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a field has a name that is no text", key.start_mark
                )
            line = key.start_mark.line + 1
            if key.value in first and key.tag != "tag:yaml.org,2002:merge":
                twice = f"stands here twice, on lines {first[key.value]} and {line}"
                self._source.findings.append(Finding((*trail, key.value), twice, "keep one of them"))
            first.setdefault(key.value, line)
        self._loader.flatten_mapping(node)
        for key, child in node.value:
            name = str(key.value)
            below = (*trail, name)
            self._source.places[below] = Place(self._source.file, key.start_mark.line + 1, shown(below))
            yield name, self.value(child, below)


def _not_yaml(text: str, error: yaml.YAMLError) -> tuple[int, str, str]:
    """Line, what YAML stumbled over, and the fix; the text itself stays out of it, it may hold a secret."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        return text.count("\n", 0, position) + 1, "holds a character that YAML does not allow", "delete it"
    lines = text.splitlines()
    if mark.line < len(lines) and re.match(r" *\t", lines[mark.line]):
        return mark.line + 1, "a tab stands in the indentation", "YAML allows only spaces there"
    problem = re.split(r"['\"]", getattr(error, "problem", None) or "unreadable")[0].strip()
    return mark.line + 1, f"not YAML: {problem}", _HINTS.get(problem, _LOOK)


_LOOK = "look at this line and the one before it: indentation, colons, quotes, brackets"
_HINTS = {
    "mapping values are not allowed in this context": "put text that holds a colon in quotes",
    "mapping values are not allowed here": "put text that holds a colon in quotes",
    "a value looks like a date or number but is none": "put it in quotes",
    "found unexpected end of stream": "close the quote or bracket that is open",
}
