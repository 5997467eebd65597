"""What is tested side by side, and in which order: `make test` runs several workers (pytest-xdist).

A file's tests share what they start, so a file is one worker's, and so are all files that share a running
demo. The longest begin first, else one of them would be what everybody waits for at the end. Then the folders
take turns: the tests of some compute, those of others wait, and side by side they do both.

Nothing that Hypothesis shows is timed: what is slow on a busy machine is no fault.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

APART = "tests/e2e/test_demo_parts_missing.py"
"""Has processes of its own."""
DEMO = "tests/e2e/test_demo_"
"""The tests of one running demo."""
FIRST = (
    DEMO, "tests/simulators/test_drill_whole.py", APART, "tests/cloud/test_access_matrix.py",
    "tests/e2e/test_node_memory.py", "tests/cloud/test_api_fuzz.py", "tests/edge/test_replay.py",
    "tests/simulators/test_quality_command.py", "tests/e2e/test_faces.py", "tests/edge/test_node_reload.py",
    "tests/test_bench_node.py",
)  # fmt: skip
"""What is not named follows."""


class Together(LoadScopeScheduling):
    """A worker takes a whole file, or all files of the demo."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """A name for what is one worker's."""
    file = nodeid.partition("::")[0]
    return DEMO if file.startswith(DEMO) and file != APART else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable[..., None]) -> Together:
    """By file, and in the order of the files rather than of their numbers of tests."""
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, then each folder's files spread evenly over the run."""
    folders: dict[str, list[str]] = {}
    for file in dict.fromkeys(together(item.nodeid) for item in items):
        folders.setdefault(file.rpartition("/")[0], []).append(file)
    turn = {file: at / len(folder) for folder in folders.values() for at, file in enumerate(folder)}
    turn |= {file: at - len(FIRST) for at, file in enumerate(FIRST)}
    items.sort(key=lambda item: turn[together(item.nodeid)])
