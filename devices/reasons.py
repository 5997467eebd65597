"""Why a device does not deliver, in one word: what programs compare and pages translate."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One way not to deliver. `devices.stream.status.RUNG` says how bad each is."""

    NO_ANSWER = "no_answer"
    """Nobody is at the address: no power, no network, wrong address."""
    CONNECTION_REFUSED = "connection_refused"
    """The machine is there, but nothing listens at this port."""
    NAME_UNKNOWN = "name_unknown"
    """The camera's host name does not resolve."""
    LOGIN_REFUSED = "login_refused"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - the word for it
    """We have no credentials to show; the camera may be well."""
    HUNG = "hung"
    """It takes the connection and then says nothing."""
    FAULT = "fault"
    """It answers with an error, or with what cannot be read."""
    NO_STREAM = "no_stream"
    """It has no stream of this name."""
    NO_VIDEO = "no_video"
    """It offers sound only, or nothing."""
    CODEC_UNKNOWN = "codec_unknown"
    SILENT = "silent"
    """The stream is open, nothing comes."""
    NO_PICTURE = "no_picture"
    """Packets come, but no picture can be made of them."""
    BROKEN = "broken"
    """The connection ended or broke."""
    DEFECT = "defect"
    """A defect of ours; the log says more."""
