"""The way from the node's outbox to the cloud."""

from edge.send.client import Timeouts
from edge.send.pace import Pace
from edge.send.token import token_from
from edge.send.uplink import Uplink

__all__ = ["Pace", "Timeouts", "Uplink", "token_from"]
