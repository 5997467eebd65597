"""Push: ladders of notification, their rungs, and what came of each."""
