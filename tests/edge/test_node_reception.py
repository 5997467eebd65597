"""All cameras of a node at once, over real sockets: outages of one, of all, and what is kept of them."""

from __future__ import annotations

import io
import logging
import queue
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from devices.messages import DeviceStatus
from devices.sensors.refused import Refused
from devices.stream import Frame, FrameRequest
from devices.stream.fake import number_of, write_clip
from devices.stream.mp4 import write_mp4
from devices.stream.rtsp_client import Timeouts
from edge.node import reception as module
from edge.node.intake import Intake
from edge.node.mailbox import Mailbox
from edge.node.metrics import serve_metrics
from edge.node.reception import Reception
from edge.node.throttle import Throttle
from edge.send.pace import Pace
from simulators.broker import free_port
from simulators.cameras.onvif import OnvifDevice, main_and_sub, serve_onvif
from simulators.cameras.rtsp import Fault, Looping, Segment, rtsp_in_thread
from tests.devices.onvif_peers import JPEG, RIGHT, running_loop
from tests.edge.pigeonholes import Pigeonholes
from tests.edge.points_for_tests import camera

QUICK = Pace(first=0.05, longest=0.1, denied=0.1)
REQUEST = FrameRequest(every=0.1, need=1.0)
ENV = {"CAM_USER": RIGHT.user, "CAM_PASSWORD": RIGHT.password}
PATIENCE = 20.0


class Board:
    """Stands in for the reporter: how each camera stood, one after the other."""

    def __init__(self) -> None:
        self.states: dict[str, list[DeviceStatus]] = defaultdict(list)
        self.details: dict[str, str] = {}
        self.changed = threading.Condition()

    def note(self, device, facts) -> None:
        """What was measured is read from the reception itself."""

    def tell(self, device, kind, status, detail) -> None:
        with self.changed:
            self.details[device] = detail
            if self.states[device][-1:] != [status]:
                self.states[device].append(status)
            self.changed.notify_all()

    def wait(self, said: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(said, PATIENCE), (dict(self.states), self.details)


class House:
    """A reception on its threads, and what it delivered."""

    def __init__(self, cameras, request=REQUEST, **more) -> None:
        self.board = Board()
        self.frames: dict[str, queue.Queue[Frame]] = defaultdict(queue.Queue)
        self.reception = Reception(
            [(one, request) for one in cameras],
            ENV,
            Pigeonholes(self.frames),
            self.board,
            **{"chance": lambda: 0.5, "pace": QUICK} | more,
        )
        self.threads = [
            threading.Thread(target=work, name=name, daemon=True) for name, work in self.reception.jobs
        ]
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()

    def frame(self, name: str) -> Frame:
        return self.frames[name].get(timeout=PATIENCE)

    def fresh(self, name: str) -> Frame:
        """The next one from now on."""
        while not self.frames[name].empty():
            self.frames[name].get_nowait()
        return self.frame(name)

    def end(self) -> None:
        self.reception.stop()
        self.reception.join(PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), thread.name


@pytest.fixture
def open_house() -> Iterator[Callable[..., House]]:
    houses = []

    def make(*given, **more) -> House:
        houses.append(House(*given, **more))
        return houses[-1]

    yield make
    for house in houses:
        house.end()


@pytest.fixture(scope="module")
def segments(tmp_path_factory) -> list[Segment]:
    """Forty streams of a second and a half; their pictures are numbered from 100 times their number on."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        Segment.load(
            write_clip(
                folder / f"{n}.mp4", count=30, gop=5, rate=20, size=(96 + 16 * (n % 3), 72), first=100 * n
            )
        )
        for n in range(40)
    ]


@pytest.fixture
def serve(segments):
    """An RTSP server with so many cameras."""
    return lambda count, port=0: rtsp_in_thread(
        {f"C{n}": Looping(segments[n]) for n in range(count)}, RIGHT, port=port
    )


def at(server, name: str, **more):
    return camera(name, credentials="CAM", stream_uri=server.uri(name), **more)


def is_of(name: str, frame: Frame) -> bool:
    return number_of(frame.luma) // 100 == int(name[1:])


def test_38_sessions_open_at_once_and_every_picture_is_of_its_own_camera(open_house, serve):
    with serve(38) as server:
        names = [f"C{n}" for n in range(38)]
        house = open_house([at(server, name) for name in names])
        for name in names:
            assert is_of(name, house.frame(name))
        took = time.monotonic() - house.began
        print(f"38 cameras: a picture of each after {took:.2f} s")
        house.board.wait(lambda: all(house.board.states[name] == [DeviceStatus.UP] for name in names))
        for _ in range(5):
            for name in names:
                assert is_of(name, house.frame(name))
        threads = {thread.name for thread in threading.enumerate()}
        assert not [name for name in threads if name.startswith("camera-")]


@pytest.mark.parametrize("fault", [Fault.STALL, Fault.DROP, Fault.CORRUPT_KEY, Fault.REFUSE_AUTH, Fault.SLOW])
def test_one_bad_camera_costs_the_others_nothing(open_house, serve, fault):
    with serve(3) as server:
        server.fault("C1", fault)
        house = open_house([at(server, f"C{n}") for n in range(3)])
        for _ in range(8):
            assert is_of("C0", house.frame("C0"))
            assert is_of("C2", house.frame("C2"))
        assert house.frames["C1"].empty() or fault is Fault.SLOW
        server.fault("C1", fault, on=False)
        assert is_of("C1", house.frame("C1"))
        assert house.board.states["C0"] == house.board.states["C2"] == [DeviceStatus.UP]


def test_a_server_that_dies_and_comes_back_is_told_and_stream_times_go_on_rising(open_house, serve):
    with serve(4) as server:
        port = server.port
        house = open_house([at(server, f"C{n}") for n in range(4)])
        before = {f"C{n}": house.frame(f"C{n}").stream_time for n in range(4)}
        house.board.wait(lambda: all(house.board.states[name] == [DeviceStatus.UP] for name in before))
    gone = time.monotonic()
    house.board.wait(lambda: all(states[-1] is not DeviceStatus.UP for states in house.board.states.values()))
    assert house.reception.stream("C0").state is not DeviceStatus.UP
    with serve(4, port) as server:
        house.board.wait(lambda: all(states[-1] is DeviceStatus.UP for states in house.board.states.values()))
        away = time.monotonic() - gone
        for name, first in before.items():
            frames = []
            while not house.frames[name].empty():
                frames.append(house.frames[name].get())
            frames.append(house.frame(name))
            times = [first, *(frame.stream_time for frame in frames)]
            assert times == sorted(set(times))
            assert times[-1] - first > 0.5 * away
            taken = [frame.taken_at for frame in frames]
            assert taken == sorted(taken)
        assert house.reception.facts("C0")["reconnects"] == 1
        house.end()


def test_an_address_that_fails_is_asked_for_anew(open_house, serve):
    """The camera's port and path change while the node runs: only the camera knows."""
    with running_loop() as loop:
        uris = {"main": "rtsp://127.0.0.1:1/old"}

        class Device(OnvifDevice):
            """One whose stream may move."""

        device = Device(
            "C1", "gate", main_and_sub(uris["main"], uris["main"]), lambda: JPEG, credentials=RIGHT
        )
        onvif = loop(serve_onvif(device, "127.0.0.1", 0))
        with serve(2) as server:
            house = open_house([camera("C1", port=onvif.port, credentials="CAM")])
            house.board.wait(lambda: DeviceStatus.UNREACHABLE in house.board.states["C1"])
            uri = server.uri("C1")
            loop(onvif.close())
            moved = Device("C1", "gate", main_and_sub(uri, uri), lambda: JPEG, credentials=RIGHT)
            onvif = loop(serve_onvif(moved, "127.0.0.1", onvif.port))
            assert is_of("C1", house.frame("C1"))
        loop(onvif.close())


def test_packets_without_a_picture_are_an_outage_and_the_connection_is_made_anew(
    open_house, serve, monkeypatch
):
    monkeypatch.setattr(module, "BLIND", 0.5)
    with serve(2) as server:
        server.fault("C1", Fault.CORRUPT_KEY)
        house = open_house([at(server, "C1")])
        house.board.wait(lambda: DeviceStatus.STALLED in house.board.states["C1"])
        assert "no picture" in house.board.details["C1"]
        assert house.reception.facts("C1")["dropped"] > 0


def test_a_stream_that_stands_still_is_an_outage_and_its_age_is_known(open_house, serve):
    with serve(1) as server:
        house = open_house([at(server, "C0")], timeouts=Timeouts(silence=1.0))
        house.frame("C0")
        assert house.reception.stream("C0").last_unit_age < 10
        server.fault("C0", Fault.STALL)
        house.board.wait(lambda: house.board.states["C0"] == [DeviceStatus.UP, DeviceStatus.STALLED])
        facts = house.reception.stream("C0")
        assert facts.state is DeviceStatus.STALLED
        # A unit is stamped some microseconds after its bytes, from which the silence counts; a picture when
        # it is decoded, which may be later than what came after it.
        assert facts.last_unit_age >= 0.999
        assert 0.0 < facts.last_picture_age < time.monotonic() - house.began
        server.fault("C0", Fault.STALL, on=False)
        house.board.wait(lambda: house.board.states["C0"][-1] is DeviceStatus.UP)


def test_a_defect_met_with_one_camera_is_logged_and_costs_the_others_nothing(
    open_house, serve, monkeypatch, caplog
):
    whole, met = Intake.unit, []

    def unit(intake, one):
        if intake._camera == "C1" and not met:
            met.append(True)
            raise ZeroDivisionError
        whole(intake, one)

    monkeypatch.setattr(Intake, "unit", unit)
    with serve(2) as server, caplog.at_level(logging.ERROR, "edge.node.reception"):
        house = open_house([at(server, "C0"), at(server, "C1")])
        assert is_of("C1", house.frame("C1"))
        assert is_of("C0", house.frame("C0"))
        house.board.wait(lambda: house.board.states["C1"][-1:] == [DeviceStatus.UP])
        assert house.board.states["C1"] == [DeviceStatus.STALLED, DeviceStatus.UP]
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_thinned_camera_is_looked_at_less_often_and_back(open_house, serve):
    with serve(2) as server:
        house = open_house([at(server, "C0"), at(server, "C1")])
        house.frame("C0")
        house.reception.thin({"C0": 3, "C1": 0})
        for _ in range(17):
            house.frame("C1")
        facts = house.reception.facts("C0")
        assert facts["thinning"] == 3
        assert facts["looks"] <= 5
        assert facts["keys"] >= 12
        house.reception.thin({"C0": 0})
        for _ in range(6):
            house.fresh("C0")


def test_every_picture_of_a_camera_while_it_is_asked_for_and_key_frames_again_after(open_house, serve):
    with serve(1) as server:
        house = open_house([at(server, "C0")], FrameRequest(every=0.2, need=1.0))
        assert house.frame("C0").is_key
        house.reception.ask("C0", FrameRequest(every=0.04, need=0.1))
        frames = [house.frame("C0") for _ in range(25)]
        assert sum(not frame.is_key for frame in frames) > 10
        house.reception.ask("C0", FrameRequest(every=0.2, need=1.0))
        time_is = house.fresh("C0").stream_time
        late = [house.frame("C0") for _ in range(10)]
        assert all(frame.is_key for frame in late if frame.stream_time > time_is + 0.5)
        assert late[-1].stream_time > time_is + 0.5


def test_a_clip_of_the_last_seconds_is_cut_at_a_key_frame_and_is_of_this_camera(open_house, serve):
    with serve(2) as server:
        house = open_house([at(server, "C0"), at(server, "C1")])
        for _ in range(8):
            last = house.frame("C1")
        size = house.reception.size("C1")
        assert size is not None
        assert house.reception.size("C7") is None
        clip = write_mp4(house.reception.ring.cut("C1", last.stream_time - 1.0, last.stream_time), size)
        with av.open(io.BytesIO(clip)) as container:
            pictures = list(container.decode(video=0))
        numbers = [number_of(one.to_ndarray(format="gray")) for one in pictures]
        assert pictures[0].key_frame
        assert 20 <= len(numbers) <= 26
        assert {number // 100 for number in numbers} == {1}
        assert house.reception.ring.cut("C1", last.stream_time + 900, last.stream_time + 901) == ()


def test_a_camera_without_a_stream_is_polled_for_still_pictures(open_house):
    jpeg = io.BytesIO()
    with av.open(jpeg, "w", format="mjpeg") as container:
        video = container.add_stream("mjpeg", rate=1)
        video.width, video.height, video.pix_fmt = 320, 180, "yuvj420p"
        picture = av.VideoFrame(320, 180, "yuvj420p")
        for plane, level in zip(picture.planes, (200, 128, 128), strict=True):
            plane.update(bytes([level]) * plane.buffer_size)
        container.mux(video.encode(picture))
        container.mux(video.encode(None))
    shown = [jpeg.getvalue()]
    with running_loop() as loop:
        nowhere = f"rtsp://127.0.0.1:{free_port()}/none"
        device = OnvifDevice(
            "C1", "gate", main_and_sub(nowhere, nowhere), lambda: shown[0], credentials=RIGHT
        )
        onvif = loop(serve_onvif(device, "127.0.0.1", 0))
        house = open_house([camera("C1", port=onvif.port, credentials="CAM", transport="snapshot")])
        first, second = house.frame("C1"), house.frame("C1")
        assert first.luma.shape == (360, 640)
        assert abs(int(first.luma.mean()) - 200) <= 2
        assert (first.width, first.height) == (320, 180)
        assert first.colour(160).shape == (90, 160, 3)
        assert second.stream_time - first.stream_time > 0.05
        house.board.wait(lambda: house.board.states["C1"] == [DeviceStatus.UP])
        assert house.reception.stream("C1").last_picture_age < 10
        shown[0] = b"\xff\xd8 no picture"
        house.board.wait(lambda: house.board.states["C1"][-1] is DeviceStatus.STALLED)
        shown[0] = jpeg.getvalue()
        house.board.wait(lambda: house.board.states["C1"][-1] is DeviceStatus.UP)
        assert house.board.details["C1"] == "gives still pictures, no stream"
        assert house.reception.size("C1") is None  # nothing for a clip
        house.reception.thin({"C1": 30})  # one in three years
        house.frame("C1")
        while True:  # those that were on their way
            try:
                house.frames["C1"].get(timeout=2.0)
            except queue.Empty:
                break
        house.reception.wake("C1")
        house.frame("C1")
        loop(onvif.close())


def test_prometheus_can_ask_what_every_camera_costs_and_gets(open_house, serve):
    with serve(2) as server:
        house = open_house(
            [at(server, "C0"), at(server, "C1"), camera("C9", stream_uri="rtsp://127.0.0.1:1/x")]
        )
        for _ in range(7):  # the latest may not be counted yet
            house.frame("C1")
        house.board.wait(lambda: house.board.states["C9"] == [DeviceStatus.UNREACHABLE])
        refused = Refused()
        refused.note("S1", "payload: not JSON", b"x")
        refused.note(None, "topic: no sensor of the site is heard there", b"x")
        port = serve_metrics(0, house.reception, Mailbox(), Throttle(None), refused)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[:1] != "#"}
    assert values['gridwatch_camera_looks_total{camera="C1"}'] >= 6
    assert values['gridwatch_camera_key_frames_total{camera="C1"}'] >= 6
    assert values['gridwatch_camera_thinning_level{camera="C0"}'] == 0
    # A quarter of a second by the stream's own stamps; a server that gets no core leaves whole groups out.
    groups = values['gridwatch_camera_key_interval_seconds{camera="C1"}'] / 0.25
    assert groups == pytest.approx(max(1, round(groups)), abs=0.004)
    assert values['gridwatch_sensor_unreadable_total{sensor="S1"}'] == 1
    assert values['gridwatch_sensor_unreadable_total{sensor=""}'] == 1
    assert values['gridwatch_camera_up{camera="C1"}'] == 1
    assert values['gridwatch_camera_up{camera="C9"}'] == 0
    assert values["gridwatch_node_ring_bytes"] > 0
    assert values["gridwatch_node_decode_queue"] >= 0
    assert values['gridwatch_node_cpu_seconds_total{thread="reception"}'] >= 0


def test_a_node_without_cameras_is_content(open_house):
    house = open_house([])
    assert house.reception.cameras == []


def test_it_may_be_stopped_before_it_began(tmp_path: Path):
    reception = Reception([], ENV, Mailbox(), Board())
    reception.stop()
    for name, work in reception.jobs:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive(), name
