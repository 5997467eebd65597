"""The labelled set: short composed scenes in every condition of a street, with exact truth, from a seed."""

from simulators.scenes.labelled.empty import empty_hours
from simulators.scenes.labelled.files import write_labelled
from simulators.scenes.labelled.model import (
    APART,
    CONDITIONS,
    TURNS,
    Condition,
    Issue,
    LabelledScene,
    split_of,
)
from simulators.scenes.labelled.scene import labelled_scene, labelled_set
from simulators.scenes.labelled.sheet import contact_sheet

__all__ = [
    "APART",
    "CONDITIONS",
    "TURNS",
    "Condition",
    "Issue",
    "LabelledScene",
    "contact_sheet",
    "empty_hours",
    "labelled_scene",
    "labelled_set",
    "split_of",
    "write_labelled",
]
