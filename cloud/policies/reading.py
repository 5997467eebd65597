"""A policy from its file or from a request: each fault with field and fix, of a file also with its line."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from cloud.errors import SettingsError
from cloud.policies.kind import Document, Kind
from devices.errors import SiteError
from devices.site.explain import findings
from devices.site.source import Fault, Finding, Source, read_yaml

Tree = dict[str, Any]
"""A document as it was written: JSON values."""


def check(kind: Kind[Document], tree: Any) -> tuple[Document | None, list[Finding]]:
    """The document that `tree` is, and its faults; with faults it is nobody's policy."""
    if not isinstance(tree, dict):
        fields = ", ".join(f"`{name}:`" for name in kind.model.model_fields)
        return None, [Finding((), f"is no list of {kind.name}", f"write {fields}")]
    try:
        document = kind.model.model_validate(tree)
    except ValidationError as error:
        return None, list(findings(error, kind.model))
    return document, [*kind.check(document), *_unstorable(tree)]


def read(path: Path, kind: Kind[Document]) -> tuple[Tree, Document]:
    """The policy in the YAML file at `path`, as it was written and as it was understood.

    Raises:
        SettingsError: one line a fault: `file:line: field: what is wrong; fix`.
    """
    try:
        source = read_yaml(path)
        for part in kind.parts:
            if isinstance(source.tree, dict) and isinstance(source.tree.get(part), str):
                _take_in(path, source, part)
    except SiteError as error:
        raise SettingsError(str(error)) from None
    tree = to_jsonable_python(source.tree)
    document, faults = check(kind, tree)
    faults += source.findings
    if faults or document is None:
        raise SettingsError("\n".join(sorted(_placed(source, one) for one in faults)))
    return tree, document


def beside(site: Path, kinds: Collection[Kind[Any]], given: Mapping[str, Path]) -> dict[str, Tree]:
    """What the files of these kinds hold: those `given` by kind, else those beside the site file, if any.

    Raises:
        SettingsError: as `read`.
    """
    files = {kind: given.get(kind.name) or site.with_name(f"{kind.name}.yaml") for kind in kinds}
    return {
        kind.name: read(path, kind)[0] for kind, path in files.items() if kind.name in given or path.exists()
    }


def _take_in(path: Path, source: Source, name: str) -> None:
    """Replace `name: FILE` by what that file holds."""
    part = read_yaml(path.parent / source.tree[name])
    source.tree[name] = part.tree
    source.places |= {(name, *trail): place for trail, place in part.places.items()}
    source.findings += [replace(one, trail=(name, *one.trail)) for one in part.findings]


def _placed(source: Source, finding: Finding) -> str:
    place = source.place(finding.trail)
    return str(Fault(place.file, place.line, place.path, finding.what, finding.fix))


def _unstorable(tree: Tree) -> list[Finding]:
    """What JSON allows and PostgreSQL's does not: NaN, half a surrogate pair, the character 0."""
    try:
        text = json.dumps(tree, allow_nan=False, ensure_ascii=False)
        text.encode()
    except ValueError:
        return [Finding((), "holds a number or character that cannot be stored", "take it out")]
    if "\\u0000" in text:
        return [Finding((), "holds the character U+0000", "take it out")]
    return []
