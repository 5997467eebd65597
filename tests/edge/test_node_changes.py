"""What a new site changes for a running node, and which of two sites is in force. Pure, and files."""

from __future__ import annotations

import logging

import pytest

from devices.errors import SiteError
from devices.link import SiteNotice
from devices.site.edit import dump_site, site_digest
from devices.site.model import Broker, Node, Site
from edge.errors import EdgeError
from edge.node.changes import changes
from edge.node.follow import COPY, SiteKeeper, beside, choose
from tests.edge.points_for_tests import NAME, camera, point, sensor, threshold, zone
from tests.edge.views_for_tests import left, parked


def site_of(*, version: int = 1, cameras=(), sensors=(), **more) -> Site:
    given = {"version": version, "name": NAME, "nodes": (Node(id="n1", name=NAME),)}
    return Site(**given | {"points": (point(cameras=cameras, sensors=sensors),)} | more)


def told(old: Site, new: Site) -> dict[str, list[str]]:
    return changes(old, new, "n1").told()


def test_the_same_site_with_a_higher_version_changes_nothing():
    one = site_of(cameras=(camera(),), sensors=(sensor(),))
    assert not changes(one, one.model_copy(update={"version": 2}), "n1")


def test_cameras_and_sensors_come_and_go_with_their_rules():
    before = site_of(cameras=(camera("A"),), sensors=(sensor("S"),))
    after = site_of(cameras=(camera("B"),), sensors=(sensor("T"),))
    assert told(before, after) == {
        "cameras_added": ["B"], "cameras_removed": ["A"], "sensors_added": ["T"], "sensors_removed": ["S"],
        "rules_added": ["B|B-Z1|bikes", "B|health", "T|high"],
        "rules_removed": ["A|A-Z1|bikes", "A|health", "S|high"],
    }  # fmt: skip


def test_a_rule_that_changes_leaves_its_camera_connected_and_its_neighbours_alone():
    before = site_of(cameras=(camera("A"), camera("B")))
    tight = zone("A-Z1", rules=(parked(dwell=3.0),))
    assert told(before, site_of(cameras=(camera("A", zones=(tight,)), camera("B")))) == {
        "rules_changed": ["A|A-Z1|bikes"]
    }
    two = zone("A-Z1", rules=(parked(), left()))
    (key,) = told(before, site_of(cameras=(camera("A", zones=(two,)), camera("B"))))["rules_added"]
    assert key.startswith("A|A-Z1|")


@pytest.mark.parametrize(
    "field", [{"host": "127.0.0.2"}, {"port": 81}, {"profile": "sub"}, {"transport": "ffmpeg"}]
)
def test_what_its_connection_depends_on_connects_a_camera_anew(field):
    before = site_of(cameras=(camera("A"), camera("B")))
    assert told(before, site_of(cameras=(camera("A", **field), camera("B")))) == {"cameras_changed": ["A"]}


def test_a_name_or_a_purpose_changes_nothing_that_runs():
    before = site_of(cameras=(camera("A"),))
    assert told(before, site_of(cameras=(camera("A", purpose="order", owner="us"),))) == {}


def test_what_concerns_the_whole_node_is_named():
    before = site_of(sensors=(sensor(),))
    after = site_of(
        sensors=(sensor("P01-S1", threshold(above=60.0)),),
        broker=Broker(port=1999),
        timezone="Europe/Paris",
        nodes=(Node(id="n1", name=NAME, cpu_budget=0.5),),
    )
    assert told(before, after) == {
        "rules_changed": ["P01-S1|high"], "node_changed": ["broker", "timezone", "cpu_budget"],
    }  # fmt: skip


def test_the_clouds_site_is_in_force_and_a_local_one_only_when_insisted_on():
    own, cloud = site_of(version=3), site_of(version=2, timezone="Europe/Paris")
    assert choose(None, None, insist=False) is None
    assert choose(own, None, insist=False).site is own
    chosen = choose(own, cloud, insist=False)
    assert (chosen.site, chosen.from_cloud) == (cloud, True)
    assert "--site-local" in chosen.problem
    assert choose(own, cloud, insist=True).site is own
    assert choose(site_of(version=1), cloud, insist=False).problem == ""  # only older


@pytest.mark.parametrize(
    ("version", "digest", "insist", "words"),
    [
        (2, "other", False, "the same version 2"),
        (1, "other", False, "still has 1"),
        (3, "other", False, ""),
        (3, "other", True, "insists"),
        (2, None, False, ""),
        (2, None, True, ""),
    ],
)
def test_what_is_said_of_the_clouds_site_beside_ours(version, digest, insist, words):
    mine = site_of(version=2)
    said = beside(SiteNotice(version=version, digest=digest or site_digest(mine)), mine, insist=insist)
    assert (words in said) if words else said == ""


class Files:
    """A site file and a state directory."""

    def __init__(self, directory) -> None:
        self.file, self.state = directory / "etc" / "site.yaml", directory / "state"
        self.file.parent.mkdir()

    def write(self, site: Site) -> None:
        self.file.write_text(dump_site(site), encoding="utf-8")

    def keeper(self, **more) -> SiteKeeper:
        return SiteKeeper(self.file, self.state, **more)

    def sent(self, keeper: SiteKeeper, site: Site) -> None:
        keeper.taken(keeper.read(dump_site(site)))


@pytest.fixture
def files(tmp_path):
    files = Files(tmp_path)
    files.write(site_of())
    return files


def test_an_edited_file_is_taken_over_once(files):
    keeper = files.keeper()
    assert keeper.edited() is None
    files.write(site_of(version=2))
    new = keeper.edited()
    assert new.version == 2
    keeper.applied(new)
    assert keeper.edited() is None
    assert keeper.edited(asked=True) is None
    assert (keeper.site.version, keeper.problem) == (2, "")


def test_a_faulty_file_is_refused_logged_once_and_told_until_it_is_mended(files, caplog):
    keeper = files.keeper()
    files.file.write_text("version: -1\n", encoding="utf-8")
    for _ in range(3):
        assert keeper.edited(asked=True) is None
    assert "version 1 stays in force" in keeper.problem
    assert keeper.site.version == 1
    assert len([one for one in caplog.records if one.name == "edge.node.follow"]) == 1
    with caplog.at_level(logging.INFO, "edge.node.follow"):
        files.write(site_of())
        assert keeper.edited() is None
    assert keeper.problem == ""
    assert "all is well again" in caplog.records[-1].getMessage()


def test_versions_only_rise(files):
    files.write(site_of(version=5))
    keeper = files.keeper()
    files.write(site_of(version=4, timezone="Europe/Paris"))
    assert keeper.edited() is None
    assert "only rise" in keeper.problem


def test_what_the_cloud_sent_is_what_the_next_start_begins_with(files):
    keeper = files.keeper()
    files.sent(keeper, site_of(version=7))
    again = files.keeper()
    assert (again.site.version, again.from_cloud, again.problem) == (7, True, "")
    assert SiteKeeper(None, files.state).site.version == 7
    assert files.keeper(insist=True).site.version == 1


def test_a_local_edit_beside_the_clouds_site_is_told_and_not_applied(files):
    keeper = files.keeper()
    files.sent(keeper, site_of(version=7))
    for version in (2, 8):
        files.write(site_of(version=version, timezone="Europe/Paris"))
        assert keeper.edited() is None
        assert "--site-local" in keeper.problem
    assert "--site-local" in files.keeper().problem
    insisting = files.keeper(insist=True)
    assert (insisting.site.version, insisting.problem) == (8, "")


def test_what_was_read_and_never_taken_is_not_started_with(files):
    keeper = files.keeper()
    keeper.read(dump_site(site_of(version=9)))
    assert files.keeper().site.version == 1


def test_the_site_that_the_cloud_has_too_is_the_clouds_from_then_on(files):
    keeper = files.keeper()
    keeper.heard(SiteNotice(version=1, digest="another"))
    assert not (files.state / COPY).exists()
    assert "same version" in keeper.problem
    keeper.heard(SiteNotice(version=1, digest=site_digest(keeper.site)))
    assert keeper.problem == ""
    files.write(site_of(version=2))
    assert keeper.edited() is None
    assert "--site-local" in keeper.problem


def test_a_copy_that_is_damaged_gives_way_to_the_local_file(files, caplog):
    files.sent(files.keeper(), site_of(version=7))
    (files.state / COPY).write_text("version: [", encoding="utf-8")
    assert files.keeper().site.version == 1
    assert any("cannot be read" in one.getMessage() for one in caplog.records)


def test_a_faulty_local_file_does_not_keep_a_node_from_starting_with_the_clouds(files):
    files.sent(files.keeper(), site_of(version=7))
    files.file.write_text("version: -1\n", encoding="utf-8")
    keeper = files.keeper()
    assert keeper.site.version == 7
    assert "faulty" in keeper.problem
    with pytest.raises(SiteError):
        files.keeper(insist=True)


def test_without_any_site_the_option_is_named(tmp_path):
    with pytest.raises(EdgeError, match="--site"):
        SiteKeeper(None, tmp_path)
