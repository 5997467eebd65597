"""What edge nodes send: batches, the ledger, evidence, health."""
