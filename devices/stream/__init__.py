"""Video in, the frames asked for out: `read_file` for clips."""

from devices.stream.clip import read_file
from devices.stream.frame import Colour, Frame, FrameRequest, Luma

__all__ = ["Colour", "Frame", "FrameRequest", "Luma", "read_file"]
