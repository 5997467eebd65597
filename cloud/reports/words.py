"""What the ledger's files call states, sources and levels: as the pages do, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from cloud.escalation.service import WORDS as LEVELS
from cloud.incidents.opening import Source
from cloud.incidents.transitions import State
from cloud.push.words import GRAVITY
from devices.site.model import Names

__all__ = ["GRAVITY", "LEVELS", "SOURCES", "STATES"]

STATES: Mapping[State, Names] = {
    State.DETECTED: Names(zh="待受理", en="Detected"),
    State.VERIFYING: Names(zh="核实中", en="Verifying"),
    State.ACCEPTED: Names(zh="已受理", en="Accepted"),
    State.FILED: Names(zh="已立案", en="Filed"),
    State.DISPATCHED: Names(zh="已派遣", en="Dispatched"),
    State.IN_PROGRESS: Names(zh="处置中", en="In progress"),
    State.RESOLVED: Names(zh="已反馈", en="Resolved"),
    State.CHECKING: Names(zh="待核查", en="Checking"),
    State.SUSPENDED: Names(zh="已挂账", en="Suspended"),
    State.CLOSED: Names(zh="已结案", en="Closed"),
    State.EVALUATED: Names(zh="已评价", en="Evaluated"),
    State.REJECTED: Names(zh="不予受理", en="Rejected"),
    State.VOID: Names(zh="已作废", en="Void"),
    State.FALSE_ALARM: Names(zh="误报", en="False alarm"),
}
SOURCES: Mapping[Source, Names] = {
    "edge": Names(zh="前端发现", en="Edge"),
    "worker": Names(zh="网格员上报", en="Grid worker"),
    "citizen": Names(zh="市民反映", en="Citizen"),
    "hotline": Names(zh="热线转办", en="Hotline"),
    "manual": Names(zh="人工登记", en="Patrol room"),
    "open311": Names(zh="Open311", en="portal"),
}
