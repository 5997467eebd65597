"""What a node keeps: its state, its numbered outbox and its photos, in one directory."""

from edge.keep.figures import Figures, SeriesFigures
from edge.keep.quota import GIB
from edge.keep.store import NodeStore, Settled
from edge.keep.transaction import Transaction

__all__ = ["GIB", "Figures", "NodeStore", "SeriesFigures", "Settled", "Transaction"]
