"""What a process and this machine have used, out of `/proc`; for the benches."""

from __future__ import annotations

import os
import platform
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads (proc(5), fields 14 and 15); 0 once it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy_seconds() -> float:
    """CPU seconds of everything on this machine; idle, waiting for disks and stolen time are left out."""
    first = Path("/proc/stat").read_text(encoding="utf-8").split("\n")[0]
    user, nice, system, _, _, irq, softirq, *_ = map(int, first.split()[1:])
    return (user + nice + system + irq + softirq) / TICKS


def memory(pid: int) -> dict[str, int | None]:
    """RSS, its peak, and PSS (what processes share is divided among them) in MiB; None: not known."""
    status, shared = _sizes(Path(f"/proc/{pid}/status")), _sizes(Path(f"/proc/{pid}/smaps_rollup"))
    found = {"rss_mib": status.get("VmRSS"), "peak_mib": status.get("VmHWM"), "pss_mib": shared.get("Pss")}
    return {name: None if size is None else round(size / 1024) for name, size in found.items()}


def machine() -> dict[str, object]:
    """What it runs on, and how busy that was over the last 1, 5 and 15 minutes."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "cpu": models[0] if models else platform.machine(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": load(),
    }


def load() -> list[float]:
    """The load averages."""
    return [round(average, 2) for average in os.getloadavg()]


def _sizes(file: Path) -> dict[str, int]:
    """The lines `Name:  123 kB` of a file; none where it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(rest.split()[0]) for name, rest in pairs}


def waited_seconds(pid: int) -> float:
    """How long all living threads of a process were ready to run and waited for a core (proc schedstat)."""
    waited = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            waited += int(task.read_text(encoding="utf-8").split()[1])
        except OSError:
            continue
    return waited / 1e9


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(
                stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found
