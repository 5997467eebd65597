"""What every part of a site is made of: the frozen base, durations, shares and limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from devices.site.durations import seconds

_DURATION = WithJsonSchema(
    {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^\d+(\.\d+)? *(ms|s|min|h|d)$"},
        ],
        "description": 'Seconds, or written: "90 s", "5 min", "2 h".',
    }
)
Seconds = Annotated[float, BeforeValidator(seconds), Field(gt=0, allow_inf_nan=False), _DURATION]
"""A duration; the file may also say "90 s", "5 min", "2 h"."""
Hold = Annotated[float, BeforeValidator(seconds), Field(ge=0, allow_inf_nan=False), _DURATION]
"""A duration that may be none."""
Limit = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """Base of every part of the site: frozen, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
