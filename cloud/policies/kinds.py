"""All kinds of policy there are. Whoever has another one adds a line."""

from __future__ import annotations

from typing import Any

from cloud.alarms.policy import ALARMS
from cloud.assets.policy import ASSETS
from cloud.deadlines.limits import DEADLINES
from cloud.duty.kinds import ROSTERS
from cloud.escalation.policy import ESCALATION
from cloud.incidents.policy import CASES
from cloud.inspections.policy import INSPECTIONS
from cloud.organisations.kinds import ORGANISATIONS, RESPONSIBILITIES
from cloud.playbooks.policy import PLAYBOOKS
from cloud.policies.kind import Kind
from cloud.privacy.policy import PRIVACY
from cloud.push.policy import PUSH
from cloud.reports.policy import REPORTS
from cloud.sops.policy import SOPS
from cloud.sources.policy import SOURCES

KINDS: tuple[Kind[Any], ...] = (
    DEADLINES,
    SOURCES,
    ORGANISATIONS,
    RESPONSIBILITIES,
    ROSTERS,
    ALARMS,
    ESCALATION,
    PLAYBOOKS,
    CASES,
    PRIVACY,
    PUSH,
    REPORTS,
    ASSETS,
    INSPECTIONS,
    SOPS,
)
BY_NAME = {kind.name: kind for kind in KINDS}
