"""Every table there is: importing this module fills `metadata`; the migrations' test compares against it."""

from __future__ import annotations

from cloud.alarms import tables as alarms
from cloud.assets import tables as assets
from cloud.database import schema
from cloud.database.columns import metadata
from cloud.duty import tables as duty
from cloud.incidents import tables as incidents
from cloud.inspections import tables as inspections
from cloud.keeping import tables as keeping
from cloud.people import tables as people
from cloud.playbooks import tables as playbooks
from cloud.policies import tables as policies
from cloud.privacy import tables as privacy
from cloud.push import tables as push
from cloud.reports import tables as reports
from cloud.sources import tables as sources
from cloud.webhooks import tables as webhooks
from cloud.whistles import tables as whistles

__all__ = [
    "alarms",
    "assets",
    "duty",
    "incidents",
    "inspections",
    "keeping",
    "metadata",
    "people",
    "playbooks",
    "policies",
    "privacy",
    "push",
    "reports",
    "schema",
    "sources",
    "webhooks",
    "whistles",
]
