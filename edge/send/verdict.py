"""What a reply of the cloud means where it is no plain yes. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ValidationError

from edge.errors import CloudRefused, CloudStalled, UplinkError
from edge.send.client import Reply
from edge.send.pace import retry_after_s

PROBLEM = "application/problem+json"


class Problem(BaseModel):
    """The cloud's own words for an error (RFC 9457)."""

    code: str = "unfit"
    title: str = ""
    detail: str = ""


def problem_of(reply: Reply) -> Problem | None:
    """The cloud's own words; None where a box in between answers, whose words condemn nothing."""
    if reply.media_type != PROBLEM:
        return None
    try:
        return Problem.model_validate_json(reply.body)
    except ValidationError:
        return Problem()


def about_the_content(reply: Reply) -> bool:
    """Whether a smaller or a sound message would have been taken."""
    return reply.status == 413 or (reply.status in (400, 422) and reply.media_type == PROBLEM)


def trouble(reply: Reply, now: datetime) -> UplinkError:
    """Why nothing moved, where it was not for the content."""
    if reply.status in (401, 403):
        problem = problem_of(reply)
        if problem is not None and problem.code == "node_revoked":
            return CloudRefused("this node was revoked; it goes on keeping, enrol it anew to send")
        return CloudRefused("the cloud does not take this node's token")
    if reply.status == 429 or reply.status >= 500:
        pause = retry_after_s(reply.retry_after, now)
        return CloudStalled(f"the cloud is in trouble or busy (HTTP {reply.status})", pause)
    return CloudStalled(f"what answers does not speak as Gridwatch's cloud does (HTTP {reply.status})")
