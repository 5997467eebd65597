"""The errors of `simulators`.

SimulatorsError
├── BrokerError       the MQTT broker cannot be started
├── ListenError       a simulated device cannot listen at its address
├── SegmentError      a clip cannot be played over RTSP
├── SceneError        a scene or an order to the street makes no sense
├── FootageError      the film of the simulated street is missing
├── DemoError         a part of the demonstration did not come up
├── DrillError        a drill could not be held
└── PatrolError       the wall's API does not answer, or refuses
"""


class SimulatorsError(Exception):
    """Root of every error that `simulators` raises on purpose."""


class BrokerError(SimulatorsError):
    """No broker program, users it does not take, or it does not come up; the user mends it."""


class ListenError(SimulatorsError):
    """The address of a simulated device is taken or is not ours; the user frees it or names another."""


class SegmentError(SimulatorsError):
    """A clip is not what the RTSP server can play; the text says what to encode instead."""


class SceneError(SimulatorsError):
    """A scene, look or order to the street makes no sense; the text names the field and the fix."""


class FootageError(SimulatorsError):
    """The film of the simulated street is missing or another one; the text says how to fetch it."""


class DemoError(SimulatorsError):
    """The demonstration could not come up; the text says which part failed and how its log ends."""


class PatrolError(SimulatorsError):
    """The wall's API does not answer (`status` 0), or refuses; the caller tries again or gives up."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class DrillError(SimulatorsError):
    """The drill could not be held; the text says which part failed and how its log ends."""
