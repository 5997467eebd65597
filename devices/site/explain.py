"""What pydantic found wrong with a site, said for the person who wrote the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from devices.site.model import PATTERNS, Site
from devices.site.source import Finding, Key, Trail

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "model_type": "a group of fields",
    "dict_type": "a group of fields",
}
_BOUNDS = {
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
}


def findings(error: ValidationError, root: type[BaseModel] = Site) -> Iterator[Finding]:
    """Each fault of `error` as a finding; a misspelt field is reported once, not also as missing.

    `root`: the model that the file was read as.
    """
    faults = [(*_resolved(fault["loc"], root), fault) for fault in error.errors(include_url=False)]
    absent = {trail for trail, _, fault in faults if fault["type"] == "missing"}
    meant = set()
    for trail, known, fault in faults:
        close = nearest(str(trail[-1]), known) if fault["type"] == "extra_forbidden" else None
        if close is not None:
            meant.add((*trail[:-1], close))
    for trail, known, fault in faults:
        # pydantic counts only the sound items of a list; their own faults are reported already.
        emptied = fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]
        if not emptied and (fault["type"] != "missing" or trail not in absent & meant):
            yield Finding(trail, *_said(fault, trail, known))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` was probably meant to be."""
    known = list(known)
    for one in known:
        if one.casefold() == word.casefold():
            return one
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), None)


def quoted(value: object) -> str:
    """A value as it may stand in a message: short, and never what could hold a credential."""
    text = str(value)
    return "(not shown)" if "@" in text or "//" in text or len(text) > 64 else repr(text)


def _resolved(loc: tuple[Key, ...], root: type[BaseModel]) -> tuple[Trail, list[str]]:
    """Where pydantic's `loc` stands in the file, and the names of the fields that may stand there.

    Of a rule, pydantic's path also has the kind it took it for, which the file's has not.
    """
    models: list[type[BaseModel]] = [root]
    known: list[str] = []
    trail: list[Key] = []
    named = False
    for key in loc:
        if named:  # the name of an entry, not of a field
            named = False
            trail.append(key)
            continue
        if isinstance(key, str) and len(models) > 1:
            models = [model for model in models if _kind(model) == key]
            continue
        if isinstance(key, str):
            known = [name for model in models for name in model.model_fields]
            named = any(
                get_origin(model.model_fields[key].annotation) is dict
                for model in models
                if key in model.model_fields
            )
            models = [
                found
                for model in models
                if key in model.model_fields
                for found in _models_in(model.model_fields[key].annotation)
            ]
        trail.append(key)
    return tuple(trail), known


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


def _kind(model: type[BaseModel]) -> str:
    told_by = model.model_fields.get("kind") or model.model_fields["protocol"]
    return str(get_args(told_by.annotation)[0])


def _said(fault: ErrorDetails, trail: Trail, known: list[str]) -> tuple[str, str]:
    kind, context, given = fault["type"], fault.get("ctx", {}), fault["input"]
    if kind == "missing":
        return "is missing", f"add `{trail[-1]}:`"
    if kind == "extra_forbidden":
        close = nearest(str(trail[-1]), known)
        return "is not a field here", f"did you mean `{close}`?" if close else f"known are {', '.join(known)}"
    if kind == "value_error":
        what, _, fix = str(context["error"]).partition("; ")
        return what, fix or "correct it"
    if kind in ("enum", "literal_error"):
        return _choice(given, context["expected"])
    if kind == "union_tag_not_found":
        return "has no `kind`", "add `kind: parked` or another kind of rule"
    if kind == "union_tag_invalid":
        what, fix = _choice(context["tag"], context["expected_tags"])
        return f"its `kind` {what}", fix
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(
            context["pattern"], ("has not the right form", f"it must match {context['pattern']}")
        )
    if kind == "string_type" and isinstance(given, int | float):
        return "is read by YAML as a number or true/false", "put it in quotes"
    if kind in _KINDS:
        return (
            f"must be {_KINDS[kind]}",
            "correct it" if given is not None else "fill it in or leave the line out",
        )
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        if "polygon" in trail:
            return (
                "lies outside the picture",
                "corners are parts of width and height, 0 to 1 (pixels / picture size)",
            )
        swapped = trail[-2:] == ("position", "lat") and isinstance(given, int | float) and abs(given) <= 180
        return f"must be {words} {context[bound]:g}", "lon and lat look swapped" if swapped else "correct it"
    if kind in ("too_short", "string_too_short"):
        return f"needs at least {context.get('min_length', 1)}", "fill it in"
    return f"is wrong: {fault['msg'][0].lower()}{fault['msg'][1:]}", "correct it"


def _choice(given: object, expected: str) -> tuple[str, str]:
    """`expected` as pydantic lists it: `'a', 'b' or 'c'`."""
    known = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    close = nearest(str(given), known)
    return f"is not one of {', '.join(known)}", f"write `{close}`" if close else "write one of them"
