"""The live event stream: outbox, tail, fan-out."""
