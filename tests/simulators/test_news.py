"""What the demo tells of its wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulators.errors import PatrolError
from simulators.news import News, told
from simulators.patrol import log_ins

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Wall:
    """Answers as the API does, and counts how often it was asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = 0

    def get(self, path):
        self.asked += 1
        answer = self.answers[path.split("?")[0].strip("/")]
        if isinstance(answer, Exception):
            raise answer
        return answer


def incident(point="P01", *opened):
    names = {"zh": "校门", "en": "School gate"}
    alarms = [{"opened_at": (NOW + timedelta(seconds=at)).isoformat()} for at in opened]
    return {
        "number": "20261122-00001-1",
        "event_class": {"code": "05-06-081", "name": {"zh": "乱停放", "en": "Parked bikes"}},
        "point": {"id": point, "name": names},
        "alarms": alarms,
    }


def test_the_first_incident_is_the_earliest_whose_latest_condition_is_new():
    items = [incident("P03", -50), incident("P05", 40), incident("P01", -500, 30)]
    found = News(Wall(incidents={"items": items}), lambda: 0.0).incident(NOW)
    assert found["point"]["id"] == "P01", "a reopened one counts from its new condition"
    assert told(found) == "Parked bikes 乱停放 at P01 School gate 校门, 20261122-00001-1"


def test_yesterdays_incidents_are_no_news():
    assert News(Wall(incidents={"items": [incident("P03", -50)]}), lambda: 0.0).incident(NOW) is None


def test_cameras_are_counted_over_all_nodes():
    nodes = [{"cameras_up": 9, "cameras_total": 10}, {"cameras_up": 7, "cameras_total": 9}]
    assert News(Wall(nodes=nodes), lambda: 0.0).cameras() == (16, 19)


def test_the_wall_is_asked_once_a_second_and_may_be_away():
    now, wall = [10.0], Wall(nodes=PatrolError("away"))
    news = News(wall, lambda: now[0])
    for tick in range(20):
        now[0] = 10.0 + tick / 4
        assert news.cameras() is None
    assert wall.asked == 5


@pytest.mark.parametrize("text", ["# user password\noperator abc\nleader def leader\n\n"])
def test_log_ins_are_read_out_of_the_file_that_the_cloud_keeps(tmp_path, text):
    (tmp_path / "users.txt").write_text(text)
    assert log_ins(tmp_path / "users.txt") == {"operator": "abc", "leader": "def"}
