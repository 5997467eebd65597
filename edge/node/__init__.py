"""One node as a running process: one thread receives all cameras, two decode, two decide, two send.

cameras ──frames──► sight ──┐
├──► store (conditions, evidence, outbox) ──► uplink
broker ──deliveries► sense ─┘
"""
