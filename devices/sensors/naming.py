"""From a maker's name and value to ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from devices.errors import PayloadError
from devices.sensors.decoders.base import Sample
from devices.sensors.payload import number
from devices.sensors.quantities import QUANTITIES
from devices.sensors.vocabulary import NAMES, OF_KIND, STATES, Word

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?")
_SIGNS = re.compile(r"[^a-z0-9]+")
_RANKS = {name: rank for rank, name in enumerate(NAMES)}


def plain(name: str) -> str:
    """`name` as it is looked up."""
    return _SIGNS.sub("_", name[:64].casefold()).strip("_")


def word_of(name: str, kind: str) -> Word | None:
    """What `name` means in a sensor of `kind`; one of our own names means itself."""
    looked_up = plain(name)
    word = OF_KIND.get(kind, {}).get(looked_up) or NAMES.get(looked_up)
    return Word(looked_up) if word is None and looked_up in QUANTITIES else word


def words_of(quantity: str) -> Mapping[str, float]:
    """What words mean for it: nothing, unless it has just two states."""
    known = QUANTITIES.get(quantity)
    return STATES if known is not None and known.unit == "1" else {}


def value_of(value: object, place: str, words: Mapping[str, float]) -> float:
    """A number, a number as text, true or false, or a word that means a number.

    Raises:
        PayloadError: nothing of that; `place` names the field.

    """
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        if value in words:
            return float(words[value])
        told = value.strip()
        if told.casefold() in words:
            return float(words[told.casefold()])
        if _NUMBER.fullmatch(told) is None:
            raise PayloadError(f"{place}: is a text that means no number; say by `words` what it means")
        return number(float(told), place)
    return number(value, place)


def samples_of(body: Mapping[str, object], kind: str, refused: list[str]) -> Iterator[Sample]:
    """The values of `body` that are known by name, best first; what cannot be used goes to `refused`."""
    found: dict[str, tuple[int, Sample]] = {}
    for name, value in body.items():
        word = word_of(name, kind)
        if word is None or value is None:
            continue
        try:
            sample = meant(word, value, plain(name))
        except PayloadError as error:
            refused.append(str(error))
            continue
        rank = _RANKS.get(plain(name), 0)
        if sample.quantity not in found or rank < found[sample.quantity][0]:
            found[sample.quantity] = (rank, sample)
    return (sample for _, sample in found.values())


def meant(word: Word, value: object, place: str) -> Sample:
    """The sample that `value` is, under a name that means `word`.

    Raises:
        PayloadError: it is no value.

    """
    told = value_of(value, place, words_of(word.quantity)) * word.factor
    if word.inverted:
        told = 1.0 - told
    quantity = word.if_bool if isinstance(value, bool) and word.if_bool else word.quantity
    unit = None if quantity is not word.quantity else word.unit
    return Sample(quantity, abs(told) if word.size else told, unit)
