"""Webhooks: what happens to cases, sent to others' systems, signed, in order, replayable."""
