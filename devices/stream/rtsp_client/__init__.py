"""Our own RTSP client: interleaved TCP, H.264 and H.265, all cameras of a node on one event loop.

    class Ring:
        def opened(self, info: StreamInfo) -> None: ...
        def unit(self, unit: AccessUnit) -> None: ...
        def clock(self, at: float, utc: float) -> None: ...

    await receive("rtsp://10.0.0.7/main", credentials, Ring())

Packets are told apart but not put together: `AccessUnit.annexb` does that, for the pictures that are wanted.
"""

from devices.stream.rtsp_client.session import receive
from devices.stream.rtsp_client.unit import AccessUnit, Counts, Receiver, StreamInfo, Timeouts

__all__ = ["AccessUnit", "Counts", "Receiver", "StreamInfo", "Timeouts", "receive"]
