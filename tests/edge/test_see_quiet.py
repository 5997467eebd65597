"""An edge node tells nobody but its own cloud."""

import os
import subprocess
import sys
from pathlib import Path

from edge.see.detector import weights_folder

ROOT = Path(__file__).parents[2]


def test_the_detector_leaves_no_trace_in_the_home_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    env |= {"HOME": str(home), "GRIDWATCH_CACHE": str(weights_folder().parent.resolve())}
    script = (
        "import numpy; from edge.see.detector import SsdLite; "
        "SsdLite().detect(numpy.zeros((300, 300, 3), numpy.uint8), 0.3)"
    )
    subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, check=True, timeout=60)
    assert list(home.rglob("*")) == []
