"""The labelled set: short composed scenes in every condition of a street, with exact truth, from a seed."""

from simulators.scenes.labelled.model import CONDITIONS, Condition, Issue, LabelledScene, split_of
from simulators.scenes.labelled.scene import labelled_scene, labelled_set
from simulators.scenes.labelled.sheet import contact_sheet

__all__ = [
    "CONDITIONS",
    "Condition",
    "Issue",
    "LabelledScene",
    "contact_sheet",
    "labelled_scene",
    "labelled_set",
    "split_of",
]
