"""The labelled set: short composed scenes in every condition of a street, with exact truth, from a seed."""
