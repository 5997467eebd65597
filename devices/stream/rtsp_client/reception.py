"""What an open stream sends: video to the assembler, reports to the clock, both to the receiver."""

from __future__ import annotations

from devices.errors import StreamDropped
from devices.stream.rtsp_client import rtp
from devices.stream.rtsp_client.assemble import Assembler
from devices.stream.rtsp_client.nal import START_CODE
from devices.stream.rtsp_client.sdp import Video
from devices.stream.rtsp_client.unit import AccessUnit, Counts, Receiver, StreamInfo


class Reception:
    """Takes the `$` frames of one session."""

    def __init__(
        self, video: Video, channels: tuple[int, int], receiver: Receiver, counts: Counts, now: float
    ) -> None:
        """`channels`: the interleaved ones of RTP and RTCP."""
        self.now = now
        """Seconds of a monotonic clock at which what comes next was read."""
        self._receiver = receiver
        self._channels = channels
        self._counts = counts
        self._opened = False
        self._report: rtp.Report | None = None
        parameters = b"".join(START_CODE + nal for nal in video.parameters)
        self._info = StreamInfo(video.codec.name, parameters, video.clock_rate)
        self._assembler = Assembler(
            video.codec,
            video.payload_type,
            channels[0],
            video.clock_rate,
            video.parameters,
            self._emit,
            counts,
        )

    def open(self) -> None:
        """Tell the receiver that the stream plays, unless it knows."""
        if not self._opened:
            self._opened = True
            self._receiver.opened(self._info)

    def frames(self, data: bytearray, at: int, end: int) -> int:
        """Take the whole frames that lie at `at`, see `Connection`.

        Raises:
            StreamDropped: the camera says good-bye.
        """
        stop = self._assembler.take(data, at, end, self.now)
        return stop if stop != at else self._other(data, at, end)

    def nonsense(self, data: bytearray, at: int, end: int) -> int:
        """Bytes that are neither frame nor message: go on where the next one may begin."""
        self._counts.unreadable += 1
        self._assembler.lose()
        return rtp.next_frame(data, at + 1, end, self._channels)

    def _other(self, data: bytearray, at: int, end: int) -> int:
        """One frame that is not a packet of the video."""
        stop = frame_end(data, at, end)
        if stop == at:
            return at
        if data[at + 1] == self._channels[1]:
            report, gone = rtp.reports(data, at + rtp.FRAMING, stop)
            if report is not None:
                self._report = report
                self._tell_clock(last=False)
            if self._assembler.source in gone:
                raise StreamDropped("the camera ended the stream")
        elif data[at + 1] == self._channels[0]:
            self._counts.unreadable += 1
        return stop

    def _emit(self, unit: AccessUnit) -> None:
        self.open()
        self._receiver.unit(unit)
        if self._report is not None:
            self._tell_clock(last=True)

    def _tell_clock(self, *, last: bool) -> None:
        """Hand on the sender report; or keep it if the picture it is near to has not come yet."""
        if self._report is None:
            return
        at = self._assembler.clock.of(self._report.rtp_time)
        if at is not None:
            self._receiver.clock(at, self._report.utc)
        if at is not None or last:
            self._report = None


def frame_end(data: bytearray, at: int, end: int) -> int:
    """Where the `$` frame at `at` ends; `at` when it is not all there."""
    if at + rtp.FRAMING > end:
        return at
    stop = at + rtp.FRAMING + (data[at + 2] << 8 | data[at + 3])
    return stop if stop <= end else at
