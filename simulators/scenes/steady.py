"""Streams at a constant bit rate, as most cameras are set to: 1080p and substreams, H.264 and H.265."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av

_X264 = "nal-hrd=cbr:open-gop=0:repeat-headers=1:stitchable=1:cabac=1:8x8dct=1:slices=1:ref=1:force-cfr=1"
"""High profile; `stitchable`: the same parameter sets whatever the pictures are."""
_X265 = "open-gop=0:repeat-headers=1:ref=1:pools=none:frame-threads=1:log-level=error"


@dataclass(frozen=True, slots=True)
class Steady:
    """How such a stream is encoded: no B-frames, one slice, one reference, every group closed."""

    codec: Literal["h264", "hevc"]
    """FFmpeg's name."""
    width: int
    height: int
    fps: int
    gop: int
    """Frames from key frame to key frame."""
    kbits: int
    """Thousand bits a second."""

    def encoder(self) -> av.VideoCodecContext:
        """An encoder of one thread; its packets are access units in Annex B form.

        Each key frame comes with its parameter sets. Half a second of bits may pile up (H.265: a second).
        """
        made = av.CodecContext.create("libx264" if self.codec == "h264" else "libx265", "w")
        assert isinstance(made, av.VideoCodecContext)
        made.width, made.height, made.pix_fmt = self.width, self.height, "yuv420p"
        made.time_base, made.framerate = Fraction(1, self.fps), Fraction(self.fps)
        made.gop_size, made.max_b_frames, made.thread_count = self.gop, 0, 1
        made.bit_rate = self.kbits * 1000
        pace = f"keyint={self.gop}:min-keyint={self.gop}:scenecut=0:bframes=0:vbv-maxrate={self.kbits}"
        if self.codec == "h264":
            more = f"{pace}:vbv-bufsize={self.kbits // 2}:{_X264}"
            made.options = {"preset": "superfast", "profile": "high", "x264-params": more}
        else:
            more = f"{pace}:vbv-bufsize={self.kbits}:{_X265}"
            made.options = {"preset": "ultrafast", "x265-params": more}
        return made

    def groups(self, path: Path) -> list[list[bytes]]:
        """The access units of such a stream in a file, one list for each key frame and what follows it."""
        found: list[list[bytes]] = []
        with av.open(str(path), format=self.codec) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    if packet.is_keyframe:
                        found.append([])
                    found[-1].append(bytes(packet))
        return found
