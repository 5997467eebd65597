"""The errors of `devices`.

DevicesError
├── SiteError                 the site file is wrong (`devices.site`)
├── CredentialsError          a credential is missing from the environment (`devices.credentials`)
├── MessageError              a message between edge and cloud is wrong (`devices.messages`)
├── CameraError               an ONVIF camera did not answer as asked (`devices.onvif`)
│   ├── CameraUnreachable     nobody answers at that address
│   ├── CameraRefused         it answers, but not to these credentials
│   └── CameraFault           it answered with a fault or with something unreadable
├── StreamError               a video stream did not deliver (`devices.stream`)
│   ├── StreamUnreachable     nobody answers at that address
│   ├── StreamRefused         the stream wants other credentials
│   └── StreamDropped         the stream ended, stalled or never began
└── SensorError               an MQTT broker or payload is wrong (`devices.sensors`)
    ├── BrokerUnreachable     nobody answers at the broker's address
    ├── BrokerRefused         the broker does not take these credentials
    └── PayloadError          a payload could not be decoded

No message of any of them carries a credential. `reason` says in one word why a device does not deliver.
"""

from __future__ import annotations

from devices.reasons import Reason


class DevicesError(Exception):
    """Root of every error that `devices` raises on purpose."""

    reason = Reason.FAULT


class SiteError(DevicesError):
    """The site file is wrong; the text names each place in the file and the fix. The user mends it."""


class CredentialsError(DevicesError):
    """A credential is missing or given twice; the text names the variable and the fix, never the value."""

    reason = Reason.SECRET_MISSING


class MessageError(DevicesError):
    """A message is not what the contract says; the receiver refuses it by its number."""


class CameraError(DevicesError):
    """A camera did not do as asked; the caller reports it and tries again later."""


class CameraUnreachable(CameraError):
    """Nobody answers at the camera's address (no power, no network, wrong address)."""

    reason = Reason.NO_ANSWER


class CameraRefused(CameraError):
    """The camera answers but refuses the credentials; retrying fast would lock the account."""

    reason = Reason.LOGIN_REFUSED


class CameraFault(CameraError):
    """The camera answered with a fault or with something that cannot be read."""


class StreamError(DevicesError):
    """A stream did not deliver; the reader reconnects with back-off."""

    reason = Reason.BROKEN

    def __init__(self, text: str, reason: Reason | None = None) -> None:
        """`reason`: what is known better than the kind of the error says it."""
        super().__init__(text)
        if reason is not None:
            self.reason = reason


class StreamUnreachable(StreamError):
    """Nobody answers at the stream's address (no power, no network, wrong address)."""

    reason = Reason.NO_ANSWER


class StreamRefused(StreamError):
    """The stream refuses the credentials."""

    reason = Reason.LOGIN_REFUSED


class StreamDropped(StreamError):
    """The stream ended, stalled, or could not be opened."""


class SensorError(DevicesError):
    """The sensor side (broker or payload) failed."""


class BrokerUnreachable(SensorError):
    """Nobody answers at the broker's address; the client keeps trying."""


class BrokerRefused(SensorError):
    """The broker refuses the credentials or the session."""


class PayloadError(SensorError):
    """One payload could not be decoded; it is counted and set aside, its neighbours go on."""
