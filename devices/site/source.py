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

MOST_VALUES = 500_000
"""Far above any street; stops a small file whose aliases multiply into gigabytes."""


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
        SiteError: it is not there, may not be read, is empty or is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SiteError(f"{path}: there is no such file; check the name and the directory") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SiteError(
            f"{path}:{line}: the file is not UTF-8; save it again with the encoding UTF-8"
        ) from error
    except OSError as error:
        raise SiteError(f"{path}: cannot be read: {error.strerror}") from error
    if not text.strip():
        raise SiteError(f"{path}: the file is empty; begin from a copy of examples/street/site.yaml")
    return text


def read_yaml(path: Path) -> Source:
    """Read a YAML file.

    Raises:
        SiteError: as `read_text`, or the file is not YAML; the message names the line, never the text on it.
    """
    text = read_text(path)
    source = Source(path.name)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise SiteError(
                f"{path}: the file holds only comments; begin from a copy of examples/street/site.yaml"
            )
        source.tree = _Builder(loader, source).value(node, ())
    except yaml.YAMLError as error:
        raise SiteError(_not_yaml(path, text, error)) from error
    finally:
        loader.dispose()
    return source


def read_json(path: Path) -> Source:
    """Read a JSON file, with the same marks as YAML (which JSON is a part of).

    Raises:
        SiteError: as `read_text`, or the file is not JSON.
    """
    text = read_text(path)
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise SiteError(f"{path}:{error.lineno}: not JSON: {error.msg[0].lower()}{error.msg[1:]}") from error
    source = Source(path.name)
    # A tab is mere space in JSON and an error in YAML; inside a JSON text it cannot stand.
    loader = _Loader(text.replace("\t", " "))
    try:
        node = loader.get_single_node()
        if node is not None:
            _Builder(loader, source).value(node, ())
    except yaml.YAMLError as error:
        raise SiteError(_not_yaml(path, text, error)) from error
    finally:
        loader.dispose()
    source.tree = tree
    return source


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml's parser where PyYAML was built with it (ten times faster), else the one in Python."""


class _Builder:
    """Turns YAML nodes into values; one use."""

    def __init__(self, loader: Any, source: Source) -> None:
        self._loader = loader
        self._source = source
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: yaml.Node, trail: Trail) -> Any:
        self._count += 1
        if self._count > MOST_VALUES or id(node) in self._open:
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
            return self._loader.construct_object(node, deep=True)
        finally:
            self._open.discard(id(node))

    def _entries(self, node: yaml.MappingNode, trail: Trail) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and key.value in first:
                self._source.findings.append(
                    Finding(
                        (*trail, str(key.value)),
                        f"stands here twice, on lines {first[key.value]} and {key.start_mark.line + 1}",
                        "keep one of them",
                    )
                )
            if isinstance(key, yaml.ScalarNode):
                first.setdefault(key.value, key.start_mark.line + 1)
        self._loader.flatten_mapping(node)
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a field's name must be text", key.start_mark
                )
            name = str(key.value)
            below = (*trail, name)
            self._source.places[below] = Place(self._source.file, key.start_mark.line + 1, shown(below))
            yield name, self.value(child, below)


def _not_yaml(path: Path, text: str, error: yaml.YAMLError) -> str:
    """One line about what YAML stumbled over; the text itself stays out of it, it may hold a secret."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return f"{path}: not YAML: the file holds a character that YAML does not allow; save it as plain text"
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    if re.match(r"\s*\t", line):
        return f"{path}:{mark.line + 1}: a tab stands in the indentation; YAML allows only spaces there"
    problem = (getattr(error, "problem", None) or "unreadable").split("'")[0].strip()
    hint = _HINTS.get(
        problem, "look at this line and the one before it: indentation, colons, quotes, brackets"
    )
    return f"{path}:{mark.line + 1}: not YAML: {problem}; {hint}"


_HINTS = {
    "mapping values are not allowed in this context": "put text that holds a colon in quotes",
    "found unexpected end of stream": "a quote or bracket that was opened is not closed",
}
