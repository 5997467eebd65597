"""Picture health: can this picture be judged at all, and what is wrong with it when not?

luma ─► facts (against the usual look) ─► signs (yes, no, cannot tell) ─► what lasts
"""

from edge.see.health.sight import Sight, sight_against

__all__ = ["Sight", "sight_against"]
