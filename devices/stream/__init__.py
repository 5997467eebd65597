"""Video in, the frames asked for out.

`rtsp_client` receives, `decoders.Decoders` decode for many cameras, `ring.Ring` keeps what came;
`read_file` is for clips. `CameraStream` does it all for one camera by FFmpeg's demuxer:

    for frame in CameraStream("rtsp://10.0.0.7/main", credentials).frames(stop):
        look(frame.luma, frame.stream_time)

Key frames alone are decoded wherever they come often enough (`FrameRequest.need`).
"""

from devices.stream.camera import CameraStream
from devices.stream.clip import read_file
from devices.stream.frame import Colour, Frame, FrameRequest, Luma
from devices.stream.rtsp import Connect
from devices.stream.source import Connection, Unit
from devices.stream.status import StreamFacts, StreamStatus

__all__ = [
    "CameraStream",
    "Colour",
    "Connect",
    "Connection",
    "Frame",
    "FrameRequest",
    "Luma",
    "StreamFacts",
    "StreamStatus",
    "Unit",
    "read_file",
]
