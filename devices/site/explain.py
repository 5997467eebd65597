"""What pydantic found wrong with a site, said for the person who wrote the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, get_args

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
}
_BOUNDS = {
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
}


def findings(error: ValidationError) -> Iterator[Finding]:
    """Each fault of `error` as a finding; a misspelt field is reported once, not also as missing."""
    faults = error.errors(include_url=False)
    absent = {fault["loc"] for fault in faults if fault["type"] == "missing"}
    meant: set[tuple[Key, ...]] = set()
    for fault in faults:
        if fault["type"] == "extra_forbidden":
            *above, name = fault["loc"]
            close = nearest(str(name), fields_at(tuple(above)))
            meant |= {(*above, close)} & absent if close else set()
    for fault in faults:
        if fault["loc"] not in meant or fault["type"] != "missing":
            yield Finding(fault["loc"], *_said(fault))


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


def fields_at(trail: Trail) -> list[str]:
    """The names of the fields that may stand at `trail`."""
    model: type[BaseModel] | None = Site
    for key in trail:
        if isinstance(key, str) and model is not None:
            info = model.model_fields.get(key)
            model = None if info is None else _model_in(info.annotation)
    return [] if model is None else list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _said(fault: ErrorDetails) -> tuple[str, str]:
    kind, context, given = fault["type"], fault.get("ctx", {}), fault["input"]
    trail = fault["loc"]
    if kind == "missing":
        return "is missing", f"add `{trail[-1]}:`"
    if kind == "extra_forbidden":
        known = fields_at(trail[:-1])
        close = nearest(str(trail[-1]), known)
        return "is not a field here", f"did you mean `{close}`?" if close else f"known are {', '.join(known)}"
    if kind == "value_error":
        what, _, fix = str(context["error"]).partition("; ")
        return what, fix or "correct it"
    if kind in ("enum", "literal_error"):
        known = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
        close = nearest(str(given), known)
        return f"is not one of {', '.join(known)}", f"write `{close}`" if close else "write one of them"
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
