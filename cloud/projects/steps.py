"""What may be done with a task of a project, by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What a person does with a task."""

    CLAIM = "claim"
    """认领: it is theirs from now on."""
    DONE = "done"
    """With words or photos of how it is now."""
    HAND_BACK = "hand_back"
    """Somebody else may claim it; with a reason. Whoever leads may take a task from its worker so."""


LINES = {Step.CLAIM: "task_claimed", Step.DONE: "task_done", Step.HAND_BACK: "task_handed_back"}
"""How each step is called in the logs of the project's cases."""
CLOSED = "project_closed"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as far as steps depend on it."""

    claimed_by: str | None = None
    done: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """What can be done with it, by somebody."""
        if self.done:
            return ()
        return (Step.CLAIM,) if self.claimed_by is None else (Step.DONE, Step.HAND_BACK)


def refusal(task: Task, step: Step, who: str, *, leads: bool) -> str | None:
    """Why `who` (a user name) may not do `step` now; None: they may. `leads`: they lead the workers there."""
    if task.done:
        return "the task is done"
    if step is Step.CLAIM:
        return None if task.claimed_by is None else "somebody claimed the task already"
    if task.claimed_by is None:
        return "nobody has claimed the task; claim it first"
    if task.claimed_by == who or (step is Step.HAND_BACK and leads):
        return None
    return "the task is somebody else's"
