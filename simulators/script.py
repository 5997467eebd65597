"""How far a simulated street has come, kept in its state directory: a street that is killed goes on there."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from simulators.scenes.street import WAITING, Street

log = logging.getLogger(__name__)

SCRIPT = "script.json"


def forget_script(state: Path) -> None:
    """The next street with this state directory begins anew."""
    (state / SCRIPT).unlink(missing_ok=True)


def keep_script(street: Street, state: Path, wall: Callable[[], float] = time.time) -> None:
    """Write down when the street's scripts began, in Unix time, and what was ordered by hand."""
    state.mkdir(parents=True, exist_ok=True)
    orders = {str(camera): given for camera, given in street.orders.items()}
    part = state / f"{SCRIPT}.part"
    part.write_text(json.dumps({"began": wall() - street.age, "orders": orders}), encoding="utf-8")
    part.replace(state / SCRIPT)


def resume_script(
    street: Street, state: Path, *, wait: bool = False, wall: Callable[[], float] = time.time
) -> None:
    """Go on where the kept script stands; without one begin now, or `wait` for `Street.begin`."""
    file = state / SCRIPT
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        began = float(kept["began"])
        orders = {
            int(camera): tuple((int(block), bool(stands)) for block, stands in given)
            for camera, given in kept["orders"].items()
        }
    except FileNotFoundError:
        street.begin(WAITING if wait else 0.0)
        return
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read (%s); the street begins anew", file, error)
        street.begin(WAITING if wait else 0.0)
        return
    street.begin(wall() - began, orders)
